"""Chooses the scenario of the running lab."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from lab import settings
from lab.receivers import scenario
from lab.receivers.world import fingerprint

PATIENCE = 10.0
"""Seconds in which the receivers must have taken a scenario up."""


class NotPlayed(RuntimeError):
    """The receivers did not take a scenario up."""


def play(
    name_or_path: str,
    *,
    path: Path = settings.SCENARIO,
    taken: Path = settings.SCENARIO_TAKEN,
    seconds: float = PATIENCE,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Makes the receivers go by a scenario (one of `scenario.names()`, or a file), and returns when they do.

    Their counts begin anew, also where the scenario is the one they had. Raises ConfigError for a scenario that can't
    be used, before anything changes, and NotPlayed when the receivers do not answer.
    """
    source = scenario.find(name_or_path)
    scenario.load(source)
    if not path.parent.is_dir():
        raise NotPlayed("There are no receivers, as no lab runs.")
    prepared = path.with_suffix(".new")
    prepared.write_text(source.read_text())
    prepared.replace(path)
    wanted = fingerprint(path)
    deadline = clock() + seconds
    while not _taken(taken, wanted):
        if clock() > deadline:
            raise NotPlayed(f"The receivers did not take {name_or_path} up within {seconds:g} s.")
        time.sleep(0.05)


def _taken(taken: Path, wanted: str) -> bool:
    return taken.exists() and bool(json.loads(taken.read_text())["version"] == wanted)
