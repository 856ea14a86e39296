"""Asks Prometheus' API. How the API is reached is told by the caller."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Ask = Callable[[str], Any]
"""Gives the JSON that Prometheus has at a path such as `/api/v1/query?query=up`."""


@dataclass(frozen=True)
class Window:
    """The shown time: seconds since 1970 UTC, and the seconds between two points."""

    start: float
    end: float
    step: int


@dataclass(frozen=True)
class Series:
    """Labels and points (seconds since 1970 UTC, value). Points that are no number are left out."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


def _series(answer: Any) -> list[Series]:
    found = list[Series]()
    for item in answer["data"]["result"]:
        values = item["values"] if "values" in item else [item["value"]]
        points = tuple((float(at), float(value)) for at, value in values if math.isfinite(float(value)))
        if points:
            found.append(Series(item["metric"], points))
    return found


def over_time(ask: Ask, expression: str, window: Window) -> list[Series]:
    """What a query gives over the window."""
    asked = {"query": expression, "start": f"{window.start:.0f}", "end": f"{window.end:.0f}", "step": window.step}
    return _series(ask(f"/api/v1/query_range?{urlencode(asked)}"))


def at_the_end(ask: Ask, expression: str, window: Window) -> list[Series]:
    """What a query gives at the end of the window."""
    return _series(ask(f"/api/v1/query?{urlencode({'query': expression, 'time': f'{window.end:.0f}'})}"))


def values_of(ask: Ask, label: str, job: str, window: Window) -> list[str]:
    """The values that a label of a job's targets had in the window."""
    asked = {"match[]": f'up{{job="{job}"}}', "start": f"{window.start:.0f}", "end": f"{window.end:.0f}"}
    return list(ask(f"/api/v1/label/{label}/values?{urlencode(asked)}")["data"])
