"""The dashboard `Email senders`, built with Grafana's SDK and committed as JSON."""

from __future__ import annotations

from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, QueryVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableRefresh

from warmlane import names

UID = "warmlane-email-senders"
_DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_WHERE = f'job="{names.SCRAPE_JOB}",campaign=~"$campaign"'


def _panel(title: str, description: str, unit: str, queries: dict[str, str]) -> Panel:
    legend_below = VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM)
    panel = Panel().title(title).description(description).unit(unit).min(0).height(8).span(12).datasource(_DATASOURCE)
    panel = panel.legend(legend_below.display_mode(LegendDisplayMode.LIST)).fill_opacity(10).line_width(1)
    for legend, expression in queries.items():
        panel = panel.with_target(Dataquery().expr(expression).legend_format(legend).datasource(_DATASOURCE))
    return panel


def _rate(outcome: str, by: str) -> str:
    return f'sum by ({by}) (rate(sender_deliveries_total{{{_WHERE},outcome="{outcome}"}}[$__rate_interval]))'


def _campaigns() -> QueryVariable:
    return (
        QueryVariable("campaign")
        .label("Campaign")
        .datasource(_DATASOURCE)
        .query(f'label_values(up{{job="{names.SCRAPE_JOB}"}}, campaign)')
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .include_all(True)
        .all_value(".*")
        .multi(True)
    )


def _panels() -> list[Row | Panel]:
    return [
        Row("Outcomes"),
        _panel(
            "Delivered",
            "Messages a second that a mailbox provider accepted, by campaign and lane.",
            "cps",
            {"{{campaign}} on {{lane}}": _rate("delivered", "campaign, lane")},
        ),
        _panel(
            "Bounce ratio, last hour",
            "Bounced of all mail delivered or bounced in the last hour. Below a few hundred messages it jumps.",
            "percentunit",
            {
                "{{campaign}} on {{lane}}": 'campaign_lane:sender_bounces:increase1h{campaign=~"$campaign"}'
                ' / campaign_lane:sender_final_deliveries:increase1h{campaign=~"$campaign"}'
            },
        ),
        _panel(
            "Deferred by provider",
            "Delivery attempts a second that a provider put off.",
            "cps",
            {"{{campaign}} at {{provider}}": _rate("deferred", "campaign, provider")},
        ),
        _panel(
            "Bounced by provider",
            "Recipients a second that a provider refused for good.",
            "cps",
            {"{{campaign}} at {{provider}}": _rate("bounced", "campaign, provider")},
        ),
        Row("Senders"),
        _panel(
            "Queues",
            "Messages in Postfix' queues, over all pods of a campaign.",
            "short",
            {"{{campaign}} {{queue}}": f"sum by (campaign, queue) (sender_queue_messages{{{_WHERE}}})"},
        ),
        _panel(
            "Submissions",
            "Messages a second that producers handed over, and attempts that were refused.",
            "cps",
            {
                "{{campaign}} {{result}}": "sum by (campaign, result)"
                f" (rate(sender_submissions_total{{{_WHERE}}}[$__rate_interval]))"
            },
        ),
        _panel(
            "Pods that answer",
            "Sender pods whose metrics Prometheus can read.",
            "short",
            {"{{campaign}} on {{lane}}": f"sum by (campaign, lane) (up{{{_WHERE}}})"},
        ),
        _panel(
            "Log lines that were not understood",
            "Lines a second of Postfix' log that the gate could not read; above zero, the figures above are too low.",
            "cps",
            {
                "{{campaign}}": "sum by (campaign)"
                f" (rate(sender_log_lines_unparsed_total{{{_WHERE}}}[$__rate_interval]))"
            },
        ),
    ]


def dashboard_json() -> str:
    """The dashboard as Grafana reads it."""
    dashboard = (
        Dashboard("Email senders")
        .uid(UID)
        .description("What each campaign's sender delivers, and how mailbox providers take it.")
        .tags(["warmlane"])
        .refresh("1m")
        .time("now-6h", "now")
        .timezone("browser")
        .readonly()
        .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_campaigns())
    )
    for number, part in enumerate(_panels(), start=1):
        part = part.id(number)
        dashboard = dashboard.with_row(part) if isinstance(part, Row) else dashboard.with_panel(part)
    return JSONEncoder(sort_keys=True, indent=2).encode(dashboard.build()) + "\n"
