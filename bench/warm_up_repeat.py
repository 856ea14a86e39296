"""`make up` when everything is built and running."""

from __future__ import annotations

from bench.figures import Figure, interleaved
from bench.running import make_up

SECONDS_AT_MOST = 60.0


def measure() -> list[Figure]:
    """One warm repeat, after one run that makes it warm."""
    make_up()
    return [Figure("warm `make up`", interleaved([make_up], 1)[0], SECONDS_AT_MOST, "s")]
