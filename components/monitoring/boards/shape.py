"""What all dashboards have in common: panels, variables, links, and the JSON that Grafana reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, DatasourceVariable, QueryVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, DataSourceRef, VariableRefresh

from components.monitoring.promql import SENDERS

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
TAG = "warmlane"
MESSAGES, RATIO, PER_SECOND, SECONDS, PLAIN = "short", "percentunit", "cps", "s", "none"
"""Grafana's units."""

Part: TypeAlias = Row | timeseries.Panel | stat.Panel


def _query(legend: str, expression: str) -> Dataquery:
    return Dataquery().expr(expression).legend_format(legend).datasource(DATASOURCE)


def plot(title: str, description: str, unit: str, queries: Mapping[str, str]) -> timeseries.Panel:
    """Lines over time; queries by legend."""
    legend = VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM)
    panel = timeseries.Panel().title(title).description(description).unit(unit).min(0).height(8).span(12)
    panel = panel.datasource(DATASOURCE).legend(legend.display_mode(LegendDisplayMode.LIST))
    panel = panel.fill_opacity(10).line_width(1)
    for name, expression in queries.items():
        panel = panel.with_target(_query(name, expression))
    return panel


def number(title: str, description: str, unit: str, queries: Mapping[str, str]) -> stat.Panel:
    """The last values as figures; queries by legend."""
    panel = stat.Panel().title(title).description(description).unit(unit).height(4).span(6).datasource(DATASOURCE)
    panel = panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    for name, expression in queries.items():
        panel = panel.with_target(_query(name, expression))
    return panel


def choice(label: str, title: str, *, several: bool) -> QueryVariable:
    """A variable with the values that a label has among the senders; `several` may be chosen at once."""
    variable = (
        QueryVariable(label)
        .label(title)
        .datasource(DATASOURCE)
        .query(f"label_values(up{{{SENDERS}}}, {label})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
    return variable.include_all(True).all_value(".*").multi(True) if several else variable


def dashboard(uid: str, title: str, description: str, variables: Sequence[QueryVariable], parts: Sequence[Part]) -> str:
    """The JSON of a dashboard."""
    others = DashboardLink("Warmlane").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    made = (
        Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .refresh("1m")
        .time("now-6h", "now")
        .timezone("utc")
        .readonly()
        .link(others.as_dropdown(True).keep_time(True).include_vars(True))
        .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
    )
    for variable in variables:
        made = made.with_variable(variable)
    for place, part in enumerate(parts, start=1):
        part = part.id(place)
        made = made.with_row(part) if isinstance(part, Row) else made.with_panel(part)
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"
