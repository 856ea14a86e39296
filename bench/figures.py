"""A measured figure beside its aim, and how repeated runs are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, in `unit`, and the most that it may be."""

    name: str
    value: float
    at_most: float
    unit: str

    @property
    def met(self) -> bool:
        """Whether the figure keeps its aim."""
        return self.value <= self.at_most

    def line(self, part: str) -> str:
        """One line for a person."""
        verdict = "met" if self.met else "MISSED"
        return f"{part:<8} {self.name:<58} {self.value:8.2f} {self.unit:<6} aim <= {self.at_most:g}  {verdict}"


def interleaved(actions: Sequence[Callable[[], None]], rounds: int) -> list[float]:
    """Median seconds of each action. They take turns, so that what else the machine does falls on all of them alike."""
    seconds: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for index, action in enumerate(actions):
            began = time.perf_counter()
            action()
            seconds[index].append(time.perf_counter() - began)
    return [statistics.median(times) for times in seconds]
