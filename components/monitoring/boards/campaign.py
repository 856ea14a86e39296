"""Campaign: one campaign from submission to the providers' answers."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Row

from components.monitoring.boards import shape
from components.monitoring.promql import SENDERS
from components.monitoring.recordings import (
    FAST_WINDOWS,
    SLOW_WINDOWS,
    STEP,
    WITHDRAWN,
    bound,
    burn,
    count,
    ratio,
)

UID = "warmlane-campaign"
_C = 'campaign="$campaign"'
_WHERE = f"{SENDERS},{_C}"


def campaign() -> str:
    """The dashboard's JSON."""
    lower, upper = (bound("bounces", side) for side in ("lower", "upper"))
    median, deviation = (f"campaign_lane:sender_bounces:{kind}7d{{{_C}}}" for kind in ("median", "mad"))
    return shape.dashboard(
        UID,
        "Campaign",
        "One campaign: what producers submit, what leaves, and what comes of it.",
        [shape.choice("campaign", "Campaign", several=False)],
        [
            Row("Outcomes"),
            shape.plot(
                "Attempts by outcome",
                "Attempts a second by how they ended, over all providers.",
                shape.PER_SECOND,
                {"{{outcome}}": f"sum by (outcome) (sum_over_time({STEP}{{{_C}}}[5m])) / 300"},
            ),
            shape.plot(
                "Bounce ratio with its bounds",
                "Bounced part of the last hour's final answers, with 95 % bounds; the less mail, the wider apart.",
                shape.RATIO,
                {
                    "ratio": f"{ratio('bounces')}{{{_C}}}",
                    "lower bound": f"{lower}{{{_C}}}",
                    "upper bound": f"{upper}{{{_C}}}",
                },
            ),
            shape.plot(
                "Bounces and final answers, last hour",
                "The counts behind the ratio.",
                shape.MESSAGES,
                {
                    "bounces": f"{count('bounces', '1h')}{{{_C}}}",
                    "final answers": f"{count('final', '1h')}{{{_C}}}",
                },
            ),
            shape.plot(
                "Burn rate of the bounce budget",
                "How many times faster than 2 % for good the budget is used up, by window.",
                shape.PLAIN,
                {window: f"{burn(window)}{{{_C}}}" for window in (*FAST_WINDOWS, *SLOW_WINDOWS)},
            ),
            shape.plot(
                "Against its own history",
                "Last hour's bounce ratio, and the median and median absolute deviation of the last seven days.",
                shape.RATIO,
                {"last hour": f"{ratio('bounces')}{{{_C}}}", "median": median, "deviation": deviation},
            ),
            shape.plot(
                "Withdrawn",
                "Messages in the last hour that left the queue without another try.",
                shape.MESSAGES,
                {"{{reason}}": f"sum by (reason) (sum_over_time({WITHDRAWN}{{{_C}}}[1h]))"},
            ),
            Row("Submission"),
            shape.plot(
                "Submissions",
                "Messages a second that producers handed over, and attempts that were refused.",
                shape.PER_SECOND,
                {"{{result}}": f"sum by (result) (rate(sender_submissions_total{{{_WHERE}}}[$__rate_interval]))"},
            ),
            shape.plot(
                "Decisions on recipients",
                "Decisions a second by reason.",
                shape.PER_SECOND,
                {"{{reason}}": f"sum by (reason) (rate(sender_admissions_total{{{_WHERE}}}[$__rate_interval])) > 0"},
            ),
        ],
    )
