"""Rule files and inhibition. The committed `rules/email_senders.yaml` is made from here by `generate`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.monitoring.alert import Alert
from components.monitoring.promql import RECORDED_EVERY
from components.monitoring.recordings import (
    DAY_LENGTH_METRIC,
    LEASE_METRIC,
    SLOW_EVERY,
    counting_rules,
    slow_rules,
)
from components.monitoring.reputation_alerts import reputation_alerts
from components.monitoring.sender_alerts import sender_alerts
from warmlane.environment import Lease, LeaseState
from warmlane.pacing.moments import UTC_DAY


def all_alerts() -> list[Alert]:
    """Every alert, in the runbook's order."""
    return [*reputation_alerts(), *sender_alerts()]


def rules_document() -> dict[str, Any]:
    """The rule file, the same in every environment."""
    return {
        "groups": [
            {"name": "email_senders.counted", "interval": RECORDED_EVERY, "rules": counting_rules()},
            {"name": "email_senders.history", "interval": SLOW_EVERY, "rules": slow_rules()},
            {"name": "email_senders.alerts", "rules": [alert.rule() for alert in all_alerts()]},
        ]
    }


def environment_rules_document(leases: Mapping[str, Lease], day_length: int = UTC_DAY) -> dict[str, Any]:
    """A rule file that tells Prometheus who holds a lane and how long (seconds) a sending day is.

    A lease that is ending expects no sender any more.
    """
    held = [
        {"record": LEASE_METRIC, "expr": "vector(1)", "labels": {"campaign": campaign, "lane": lease.lane}}
        for campaign, lease in sorted(leases.items())
        if lease.state is LeaseState.ACTIVE
    ]
    length = {"record": DAY_LENGTH_METRIC, "expr": f"vector({day_length})"}
    return {"groups": [{"name": "environment", "rules": [*held, length]}]}
