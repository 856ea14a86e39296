"""Gate: the senders' own workings, pod by pod."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Row

from components.monitoring.boards import shape
from components.monitoring.promql import SENDERS
from components.monitoring.recordings import UNPARSED

UID = "warmlane-gate"
_C = 'campaign=~"$campaign"'
_WHERE = f"{SENDERS},{_C}"


def _quantile(part: float) -> str:
    buckets = f"rate(sender_admission_seconds_bucket{{{_WHERE}}}[$__rate_interval])"
    return f"histogram_quantile({part}, sum by (campaign, le) ({buckets}))"


def gate() -> str:
    """The dashboard's JSON."""
    return shape.dashboard(
        UID,
        "Gate",
        "How the gates work: why they are closed, how fast they decide, and what they do not understand.",
        [shape.choice("campaign", "Campaign", several=True)],
        [
            Row("State"),
            shape.plot(
                "Pods that answer",
                "Sender pods whose metrics Prometheus can read.",
                shape.PLAIN,
                {"{{campaign}} on {{lane}}": f"sum by (campaign, lane) (up{{{_WHERE}}})"},
            ),
            shape.plot(
                "Closed",
                "Pods from which nothing is released, by cause.",
                shape.PLAIN,
                {"{{campaign}} {{reason}}": f"sum by (campaign, reason) (sender_closed{{{_WHERE}}}) > 0"},
            ),
            shape.plot(
                "Identity",
                "Pods by what is known of the address and name that their mail leaves under.",
                shape.PLAIN,
                {"{{campaign}} {{state}}": f"sum by (campaign, state) (sender_identity{{{_WHERE}}})"},
            ),
            shape.plot(
                "Queues",
                "Messages in Postfix' queues, all pods of a campaign together.",
                shape.MESSAGES,
                {"{{campaign}} {{queue}}": f"sum by (campaign, queue) (sender_queue_messages{{{_WHERE}}})"},
            ),
            Row("Admission"),
            shape.plot(
                "Time for a decision",
                "Median and 99th percentile of the time for a decision on a recipient.",
                shape.SECONDS,
                {"{{campaign}} p50": _quantile(0.5), "{{campaign}} p99": _quantile(0.99)},
            ),
            shape.plot(
                "Decisions",
                "Decisions on recipients a second.",
                shape.PER_SECOND,
                {
                    "{{campaign}}": "sum by (campaign)"
                    f" (rate(sender_admission_seconds_count{{{_WHERE}}}[$__rate_interval]))"
                },
            ),
            Row("What is not understood"),
            shape.plot(
                "Log lines that were not understood",
                "Lines of Postfix' log in the last hour that the gate could not read: then counts are too low.",
                shape.PLAIN,
                {"{{campaign}}": f"sum by (campaign) (sum_over_time({UNPARSED}{{{_C}}}[1h]))"},
            ),
            shape.plot(
                "Unreadable queue files",
                "Files in the queue that the gate can't read; they stay there.",
                shape.PLAIN,
                {"{{campaign}}": f"sum by (campaign) (sender_queue_files_unreadable{{{_WHERE}}})"},
            ),
        ],
    )
