"""`make up` when everything is built and running."""

from __future__ import annotations

import subprocess

from bench.figures import Figure, interleaved
from lab import settings

SECONDS_AT_MOST = 60.0


def measure() -> list[Figure]:
    """One warm repeat, after one run that makes it warm."""

    def up() -> None:
        subprocess.run(["make", "up"], cwd=settings.REPOSITORY, check=True, stdout=subprocess.DEVNULL)

    up()
    return [Figure("warm `make up`", interleaved([up], 1)[0], SECONDS_AT_MOST, "s")]
