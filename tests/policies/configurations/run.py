"""Judges many configurations and counts what they reached."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.policies.configurations.configuration import ROOTS, Configuration, configurations
from tests.policies.configurations.coverage import cases, reached
from tests.policies.configurations.judged import alarms
from tests.policies.configurations.shapes import SHAPES

REPORT_EVERY = 100
"""Configurations between two lines of progress."""


@dataclass
class Reached:
    """What configurations differed in."""

    cases: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)

    def add(self, configuration: Configuration) -> None:
        self.cases.update({case for model in configuration.models() for case in reached(model)})
        self.shapes[_text(configuration)] += 1

    @property
    def missing(self) -> list[str]:
        """Cases of the models, and kinds of environments, that nothing reached."""
        return sorted({*cases(ROOTS), *map(str, SHAPES)} - {*self.cases, *self.shapes})


def _text(configuration: Configuration) -> str:
    return str(configuration.shape)


def judged(seed: int, count: int, now: datetime, processes: int) -> dict[str, Any]:
    """Counts, what was not reached, and everything that was said against a configuration, which ought to be nothing."""
    made = list(configurations(seed, count, now))
    found = Reached()
    for configuration in made:
        found.add(configuration)
    said = dict[int, list[str]]()
    for index, against in enumerate(_all(made, now, processes)):
        if against:
            said[index] = against
        if (index + 1) % REPORT_EVERY == 0:
            print(f"{index + 1} of {count} configurations judged, {len(said)} refused", flush=True)
    return {
        "configurations": count,
        "stacks": sum(1 + len(configuration.rendered) for configuration in made),
        "judged_at": now.isoformat(),
        "false_alarms": said,
        "cases": len(cases(ROOTS)),
        "not_reached": found.missing,
        "shapes": dict(sorted(found.shapes.items())),
        "least_often_reached": dict(found.cases.most_common()[:-6:-1]),
    }


def _all(made: Iterable[Configuration], now: datetime, processes: int) -> Iterator[list[str]]:
    if processes == 1:
        yield from (_one((configuration, now)) for configuration in made)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_one, [(configuration, now) for configuration in made], chunksize=5)


def _one(task: tuple[Configuration, datetime]) -> list[str]:
    configuration, now = task
    with tempfile.TemporaryDirectory(prefix="warmlane-configuration-") as directory:
        return alarms(configuration, Path(directory), now)
