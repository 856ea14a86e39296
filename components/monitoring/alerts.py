"""The alerts, as Prometheus' rules. The committed `rules/email_senders.yaml` is made from here by `generate`.

Every name is CamelCase; severity is `critical` (a person acts now), `warning` (in working hours) or `info`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from warmlane import names
from warmlane.environment import Lease, LeaseState

RUNBOOK = "docs/runbook.md"
BOUNCE_RATIO_LIMIT = 0.05
"""Ratio 0-1 of bounced to final outcomes. AWS SES puts an account under review at 5 %
(docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html)."""
BOUNCE_FLOOR = 10
"""Bounces an hour below which a ratio means nothing: 5 % of 100 messages is passed with 95 % confidence at 9 events
(one-sided Wilson score bound), and at 20 messages a single bounce already looks like 5 %."""

_SENDERS = f'job="{names.SCRAPE_JOB}"'
_FINAL = f'sender_deliveries_total{{{_SENDERS},outcome=~"bounced|delivered"}}'
_BOUNCED = f'sender_deliveries_total{{{_SENDERS},outcome="bounced"}}'
_BY = "by (campaign, lane)"

LEASE_METRIC = "warmlane_lease"
"""1 for each campaign that holds a lane, by campaign and lane: what ought to send mail metrics."""

Rule = dict[str, Any]


def _alert(name: str, expr: str, wait: str, severity: str, summary: str, description: str) -> Rule:
    return {
        "alert": name,
        "expr": expr,
        "for": wait,
        "labels": {"severity": severity},
        "annotations": {
            "summary": summary,
            "description": description,
            "runbook": f"{RUNBOOK}#{name.lower()}",
        },
    }


def recording_rules() -> list[Rule]:
    """Sums over all replicas and providers of a campaign, messages in the last hour."""
    return [
        {"record": "campaign_lane:sender_bounces:increase1h", "expr": f"sum {_BY} (increase({_BOUNCED}[1h]))"},
        {"record": "campaign_lane:sender_final_deliveries:increase1h", "expr": f"sum {_BY} (increase({_FINAL}[1h]))"},
    ]


def alert_rules() -> list[Rule]:
    """The alerts of the first slice."""
    bounces, final = (rule["record"] for rule in recording_rules())
    return [
        _alert(
            "BounceRatioHigh",
            f"{bounces} / {final} > {BOUNCE_RATIO_LIMIT} and {bounces} >= {BOUNCE_FLOOR}",
            "5m",
            "warning",
            "Too much of a campaign's mail bounces.",
            "{{ $value | humanizePercentage }} of the mail of campaign {{ $labels.campaign }}"
            " on lane {{ $labels.lane }} bounced in the last hour.",
        ),
        _alert(
            "SenderDown",
            f"count {_BY} (up{{{_SENDERS}}} == 0)",
            "2m",
            "critical",
            "A campaign's sender does not answer.",
            "{{ $value }} pods of campaign {{ $labels.campaign }} on lane {{ $labels.lane }} do not answer on their"
            " metrics port.",
        ),
        _alert(
            "SenderNoData",
            f"{LEASE_METRIC} unless on (campaign, lane) max {_BY} (up{{{_SENDERS}}})",
            "10m",
            "warning",
            "A campaign holds a lane and no sender of it is known.",
            "Campaign {{ $labels.campaign }} holds lane {{ $labels.lane }}, but Prometheus finds no sender of it:"
            " nothing that is shown about it is true, and no other alert can fire.",
        ),
        _alert(
            "Watchdog",
            "vector(1)",
            "0m",
            "info",
            "This alert always fires.",
            "It shows that alerts reach their receiver; its absence is the alarm.",
        ),
    ]


def rules_document() -> dict[str, Any]:
    """The rule file, the same in every environment."""
    return {
        "groups": [
            {"name": "email_senders.recorded", "rules": recording_rules()},
            {"name": "email_senders.alerts", "rules": alert_rules()},
        ]
    }


def lease_rules_document(leases: Mapping[str, Lease]) -> dict[str, Any]:
    """A rule file that tells Prometheus who holds a lane. A lease that is ending expects no sender any more."""
    rules = [
        {"record": LEASE_METRIC, "expr": "vector(1)", "labels": {"campaign": campaign, "lane": lease.lane}}
        for campaign, lease in sorted(leases.items())
        if lease.state is LeaseState.ACTIVE
    ]
    return {"groups": [{"name": "leases", "rules": rules}]}
