"""The committed dashboards' panels and their queries, with Grafana's variables filled in. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRAPE_SECONDS = 15
"""Prometheus' scrape interval (`components.monitoring.documents`, which the datasource tells Grafana)."""
EVERYTHING = ".*"


@dataclass(frozen=True)
class Query:
    """A query of a panel. `legend` has Grafana's `{{label}}` places."""

    legend: str
    expression: str

    def name(self, labels: Mapping[str, str]) -> str:
        """What a series is called."""
        return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), self.legend).strip()


@dataclass(frozen=True)
class Panel:
    """One panel, or the heading of those that follow (`row`)."""

    kind: str
    """Grafana's type: `timeseries`, `stat` or `row`."""
    title: str
    description: str = ""
    unit: str = ""
    queries: tuple[Query, ...] = ()


@dataclass(frozen=True)
class Board:
    """A dashboard. `one_of` is the label of which one value is chosen, and `None` where all are shown at once."""

    title: str
    description: str
    one_of: str | None
    panels: tuple[Panel, ...]


def read(file: Path) -> Board:
    """A board from Grafana's JSON."""
    document: dict[str, Any] = json.loads(file.read_text())
    single = [
        variable["name"]
        for variable in document["templating"]["list"]
        if variable["type"] == "query" and not variable.get("multi")
    ]
    panels = tuple(
        Panel(
            panel["type"],
            panel["title"],
            panel.get("description", ""),
            panel.get("fieldConfig", {}).get("defaults", {}).get("unit", ""),
            tuple(Query(target["legendFormat"], target["expr"]) for target in panel.get("targets", ())),
        )
        for panel in document["panels"]
    )
    return Board(document["title"], document["description"], single[0] if single else None, panels)


def filled(expression: str, step: int, chosen: Mapping[str, str]) -> str:
    """A query as Grafana would send it: variables that are not chosen stand for everything.

    `step` is in seconds. `$__rate_interval` is at least four scrapes, and a scrape more than the step, as in Grafana.
    """
    interval = f"{max(4 * SCRAPE_SECONDS, step + SCRAPE_SECONDS)}s"
    text = expression.replace("$__rate_interval", interval)
    return re.sub(r"\$(\w+)", lambda found: chosen.get(found[1], EVERYTHING), text)
