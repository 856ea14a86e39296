"""Fleet: all campaigns at once, to see which one needs a look."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Row

from components.monitoring.boards import shape
from components.monitoring.promql import LANE, SENDERS, by
from components.monitoring.recordings import (
    DELIVERED_TODAY,
    LIMIT_TODAY,
    STEP,
    WAITING,
    bound,
    count,
    ratio,
)
from components.monitoring.reputation_alerts import BOUNCE_LIMITS

UID = "warmlane-fleet"
_C = 'campaign=~"$campaign"'
_ON = "{{campaign}} on {{lane}}"


def fleet() -> str:
    """The dashboard's JSON."""
    limits = " and ".join(f"{limit:.0%}" for limit in BOUNCE_LIMITS.values())
    return shape.dashboard(
        UID,
        "Fleet",
        "All campaigns of an environment: what they deliver, how providers take it, and who sends nothing.",
        [shape.choice("campaign", "Campaign", several=True)],
        [
            shape.number(
                "Campaigns with a sender",
                "Campaigns of which at least one pod answers.",
                shape.PLAIN,
                {"campaigns": f"count(max by (campaign) (up{{{SENDERS},{_C}}}) == 1) or vector(0)"},
            ),
            shape.number(
                "Delivered today",
                "Messages that providers accepted on this sending day.",
                shape.MESSAGES,
                {"messages": f"sum({DELIVERED_TODAY}{{{_C}}})"},
            ),
            shape.number(
                "Closed gates",
                "Senders from which nothing leaves, by cause.",
                shape.PLAIN,
                {"{{reason}}": f"sum by (reason) (max by (campaign, reason) (sender_closed{{{SENDERS},{_C}}}))"},
            ),
            shape.number(
                "Alerts that fire",
                "Firing alerts by severity; Watchdog is one of them, always.",
                shape.PLAIN,
                {"{{severity}}": 'count by (severity) (ALERTS{alertstate="firing"})'},
            ),
            Row("Outcomes"),
            shape.plot(
                "Delivered",
                "Messages a second that providers accepted, by campaign and lane.",
                shape.PER_SECOND,
                {_ON: f'sum {by(LANE)} (sum_over_time({STEP}{{outcome="delivered",{_C}}}[5m])) / 300'},
            ),
            shape.plot(
                "Bounce ratio, lower bound",
                f"Bounced part of the last hour's final answers, lower 95 % bound; alerts stand at {limits}.",
                shape.RATIO,
                {_ON: f"{bound('bounces', 'lower')}{{{_C}}}"},
            ),
            shape.plot(
                "Bounces in the last hour",
                "Bounces behind that ratio: below ten no ratio raises an alert.",
                shape.MESSAGES,
                {_ON: f"{count('bounces', '1h')}{{{_C}}}"},
            ),
            shape.plot(
                "Deferral ratio",
                "Put-off part of the last hour's attempts.",
                shape.RATIO,
                {_ON: f"{ratio('deferrals')}{{{_C}}}"},
            ),
            Row("Warm-up and queues"),
            shape.plot(
                "Part of the limit that is used",
                "Delivered today of today's limit; above one the warm-up is overrun.",
                shape.RATIO,
                {_ON: f"{DELIVERED_TODAY}{{{_C}}} / ({LIMIT_TODAY}{{{_C}}} > 0)"},
            ),
            shape.plot(
                "Waiting mail",
                "Messages that wait for their turn, all pods of a campaign together.",
                shape.MESSAGES,
                {_ON: f"{WAITING}{{{_C}}}"},
            ),
        ],
    )
