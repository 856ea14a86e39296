"""Lane: its warm-up day by day, and how providers take the mail from its address."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Row

from components.monitoring.boards import shape
from components.monitoring.promql import SENDERS
from components.monitoring.recordings import (
    DELIVERED_TODAY,
    DELIVERED_YESTERDAY,
    LIMIT_TODAY,
    LIMIT_YESTERDAY,
    STEP,
    WAITING,
    bound,
)

UID = "warmlane-lane"
_L = 'lane="$lane"'
_WHERE = f"{SENDERS},{_L}"


def lane() -> str:
    """The dashboard's JSON."""
    return shape.dashboard(
        UID,
        "Lane",
        "One lane: its limit, what it has delivered of it, and how its address is taken.",
        [shape.choice("lane", "Lane", several=False)],
        [
            shape.number(
                "Limit today",
                "Highest limit of this sending day, messages.",
                shape.MESSAGES,
                {"{{campaign}}": f"{LIMIT_TODAY}{{{_L}}}"},
            ),
            shape.number(
                "Delivered today",
                "Messages that providers accepted on this sending day.",
                shape.MESSAGES,
                {"{{campaign}}": f"{DELIVERED_TODAY}{{{_L}}}"},
            ),
            shape.number(
                "Used yesterday",
                "Part of the last sending day's limit that was delivered; below a half twice, warm-up stands still.",
                shape.RATIO,
                {"{{campaign}}": f"{DELIVERED_YESTERDAY}{{{_L}}} / ({LIMIT_YESTERDAY}{{{_L}}} > 0)"},
            ),
            shape.number(
                "Identity proven",
                "Pods of which a reflector outside has seen the lane's own address and name.",
                shape.PLAIN,
                {"{{state}}": f"sum by (state) (sender_identity{{{_WHERE}}})"},
            ),
            Row("Warm-up"),
            shape.plot(
                "Burn-down of the day",
                "The sending day's limit, what is delivered, and what may still leave.",
                shape.MESSAGES,
                {
                    "limit": f"{LIMIT_TODAY}{{{_L}}}",
                    "delivered": f"{DELIVERED_TODAY}{{{_L}}}",
                    "left": f"clamp_min({LIMIT_TODAY}{{{_L}}} - {DELIVERED_TODAY}{{{_L}}}, 0)",
                },
            ),
            shape.plot(
                "Limit now",
                "What the gate applies at this moment; zero while nothing is released.",
                shape.MESSAGES,
                {"{{pod}}": f"sender_limit_messages{{{_WHERE}}}"},
            ),
            shape.plot(
                "Waiting mail",
                "Messages that wait for their turn.",
                shape.MESSAGES,
                {"{{campaign}}": f"{WAITING}{{{_L}}}"},
            ),
            shape.plot(
                "Tokens",
                "Delivery attempts a second that were allowed, by provider.",
                shape.PER_SECOND,
                {"{{provider}}": f"sum by (provider) (rate(sender_tokens_total{{{_WHERE}}}[$__rate_interval]))"},
            ),
            Row("Reputation"),
            shape.plot(
                "Bounce ratio by provider, lower bound",
                "Bounced part of the last hour's final answers, lower 95 % bound.",
                shape.RATIO,
                {"{{provider}}": f"{bound('bounces', 'lower', level='campaign_lane_provider')}{{{_L}}}"},
            ),
            shape.plot(
                "Outcomes by provider",
                "Attempts a second at each provider by how they ended.",
                shape.PER_SECOND,
                {
                    "{{provider}} {{outcome}}": "sum by (provider, outcome)"
                    f" (sum_over_time({STEP}{{{_L}}}[5m])) / 300 > 0"
                },
            ),
        ],
    )
