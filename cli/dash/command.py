"""`warmlane dash`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import stacks
from cli.cluster import Cluster
from cli.dash import boards, samples
from cli.dash.page import page
from cli.invocation import Invocation, committed, engine_of
from cli.options import EnvironmentOption
from cli.outcome import Code, Misused
from warmlane import names

PROXY = f"/api/v1/namespaces/{names.MONITORING_NAMESPACE}/services/prometheus:9090/proxy"
POINTS = 180
"""Points of a line."""


def window(now: float, hours: float) -> samples.Window:
    """The last hours in steps of whole scrapes; the ends lie on steps, so that two pages show the same points."""
    step = max(round(hours * 3600 / POINTS / boards.SCRAPE_SECONDS), 1) * boards.SCRAPE_SECONDS
    end = now // step * step
    return samples.Window(end - hours * 3600, end, step)


def dash(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML page that is written.")],
    environment: EnvironmentOption = "dev",
    hours: Annotated[float, typer.Option("--hours", min=0.1, max=24 * 30, help="How far back it looks.")] = 6,
) -> None:
    """Draws the dashboards from the environment's Prometheus into one page, where there is no Grafana."""
    # Imported here, as Pulumi's packages, which come with it, take longer to load than another command takes to answer.
    from components.monitoring.artifacts import DASHBOARD_FILES

    invocation: Invocation = context.obj
    if out.is_dir() or not out.parent.is_dir():
        raise Misused(f"{out} can't be written: it is a folder, or lies in none.", "Give --out a file.")
    stacks.selected(invocation.repository, environment, (), False)
    loaded = committed(invocation.repository, environment)
    engine = engine_of(invocation, loaded, environment)
    cluster = Cluster(loaded.cluster.context, engine.variables)

    def ask(path: str) -> Any:
        return cluster.get(PROXY + path)

    shown = window(time.time(), hours)
    chosen = {label: samples.values_of(ask, label, names.SCRAPE_JOB, shown) for label in ("campaign", "lane")}
    drawn = page(environment, [boards.read(file) for file in DASHBOARD_FILES.values()], chosen, ask, shown)
    out.write_text(drawn.html)
    for title in drawn.empty:
        invocation.output.note(f"Without data: {title}")
    invocation.output.note(f"{out}: {drawn.panels} panels of the last {hours:g} h.")
    invocation.output.document(
        "dash", Code.FINE, environment=environment, file=out, panels=drawn.panels, empty=drawn.empty, hours=hours
    )
    raise typer.Exit(Code.FINE)
