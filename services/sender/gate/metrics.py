"""The gate's metrics: at most 300 series a sender, no label that grows with the mail.

No identity either: whose numbers these are is told by Prometheus, from the Service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.sender.gate.counts import Counts


class SenderCollector(Collector):
    """Turns counts and queue sizes into metric families at each scrape."""

    def __init__(self, counts: Callable[[], Counts], queues: Callable[[], dict[str, int]]) -> None:
        self._counts = counts
        self._queues = queues

    def collect(self) -> Iterable[Metric]:
        """The families, in a fixed order."""
        counts = self._counts()
        deliveries = CounterMetricFamily(
            "sender_deliveries",
            "Delivery attempts by how they ended and by mailbox provider, one for each recipient.",
            labels=["outcome", "provider"],
        )
        for (outcome, provider), count in counts.deliveries.items():
            deliveries.add_metric([outcome, provider], count)
        yield deliveries
        submissions = CounterMetricFamily(
            "sender_submissions",
            "Messages that producers submitted, and attempts that were refused.",
            labels=["result"],
        )
        for result, count in counts.submissions.items():
            submissions.add_metric([result], count)
        yield submissions
        yield CounterMetricFamily(
            "sender_log_lines_unparsed",
            "Lines of the mail log that the gate did not understand.",
            value=counts.unparsed,
        )
        queues = GaugeMetricFamily("sender_queue_messages", "Messages in each of Postfix' queues.", labels=["queue"])
        for queue, size in self._queues().items():
            queues.add_metric([queue], size)
        yield queues


def exposition(collector: Collector) -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry)
