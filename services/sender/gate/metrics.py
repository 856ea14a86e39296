"""The gate's metrics: at most 300 series a sender, no label that grows with the mail.

No identity either: whose numbers these are is told by Prometheus, from the Service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.sender.gate.admission import BUCKETS, Decisions
from services.sender.gate.counts import Counts
from services.sender.gate.deliverer import CLOSED
from services.sender.gate.identity import State
from services.sender.gate.waiting import STATES, UNROUTED
from warmlane.providers import PROVIDERS


@dataclass(frozen=True)
class Release:
    """How the release of mail stands, for metrics."""

    limit: int
    """Messages/day; 0 while nothing is released."""
    closed: str | None
    """Why nothing is released: a kind of `services.sender.gate.deliverer.CLOSED`."""
    waiting: dict[str, int]
    """Messages by provider."""
    unreadable: int
    """Queue files that can't be understood."""
    identity: State
    """Whether it is proven that mail leaves as the lane."""
    decisions: Decisions
    oldest: dict[str, float]
    """Seconds since the oldest message that waits arrived, by state; 0 where there is none."""
    pauses: dict[str, int]
    """By provider, how many of those who wait together (`services.sender.gate.brakes`) were told to slow down."""


class SenderCollector(Collector):
    """Turns counts and queue sizes into metric families at each scrape."""

    def __init__(
        self, counts: Callable[[], Counts], queues: Callable[[], dict[str, int]], release: Callable[[], Release | None]
    ) -> None:
        self._counts, self._queues, self._release = counts, queues, release

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
        yield labelled(
            CounterMetricFamily(
                "sender_submissions",
                "Messages that producers submitted, and attempts that were refused.",
                labels=["result"],
            ),
            counts.submissions,
        )
        yield CounterMetricFamily(
            "sender_log_lines_unparsed",
            "Lines of the mail log that the gate did not understand.",
            value=counts.unparsed,
        )
        yield labelled(
            GaugeMetricFamily("sender_queue_messages", "Messages in each of Postfix' queues.", labels=["queue"]),
            self._queues(),
        )
        yield labelled(
            CounterMetricFamily(
                "sender_tokens", "Tokens taken: delivery attempts that were allowed.", labels=["provider"]
            ),
            counts.tokens,
        )
        yield labelled(
            CounterMetricFamily(
                "sender_bounces", "Messages that receivers refused for good, by why.", labels=["class"]
            ),
            counts.bounces,
        )
        yield labelled(
            CounterMetricFamily(
                "sender_messages_withdrawn",
                "Messages that left the queue without being tried again.",
                labels=["reason"],
            ),
            counts.withdrawn,
        )
        yield from _release(self._release())


def _release(release: Release | None) -> Iterable[Metric]:
    yield GaugeMetricFamily(
        "sender_limit_messages",
        "What the lane may send today; 0 while nothing is released.",
        value=release.limit if release else 0,
    )
    closed = (release.closed if release else "starting") or ""
    yield labelled(
        GaugeMetricFamily("sender_closed", "1 for why nothing is released.", labels=["reason"]),
        {kind: int(kind == closed) for kind in CLOSED},
    )
    identity = release.identity if release else State.UNKNOWN
    yield labelled(
        GaugeMetricFamily(
            "sender_identity", "1 for what is known of the address that mail leaves from.", labels=["state"]
        ),
        {state.value: int(state is identity) for state in State},
    )
    waiting = release.waiting if release else {}
    yield labelled(
        GaugeMetricFamily("sender_waiting_messages", "Messages that wait for their turn.", labels=["provider"]),
        {name: waiting.get(name, 0) for name in (*PROVIDERS, UNROUTED)},
    )
    yield labelled(
        GaugeMetricFamily(
            "sender_queue_oldest_seconds",
            "Time since the oldest message that waits has arrived, before its first try and after one; 0 without mail.",
            labels=["state"],
        ),
        {state: release.oldest.get(state, 0.0) if release else 0.0 for state in STATES},
    )
    yield labelled(
        GaugeMetricFamily(
            "sender_provider_pauses",
            "Providers, or domains of no known one, that get no mail as they told the lane to slow down.",
            labels=["provider"],
        ),
        {name: release.pauses.get(name, 0) if release else 0 for name in PROVIDERS},
    )
    yield GaugeMetricFamily(
        "sender_queue_files_unreadable",
        "Files in the queue that the gate does not understand; they stay there.",
        value=release.unreadable if release else 0,
    )
    decisions = release.decisions if release else Decisions()
    yield labelled(
        CounterMetricFamily("sender_admissions", "Decisions on recipients by their reason.", labels=["reason"]),
        decisions.by_reason,
    )
    latency = HistogramMetricFamily("sender_admission_seconds", "Time for a decision on a recipient.")
    bounds = [*(str(bound) for bound in BUCKETS), "+Inf"]
    latency.add_metric(
        [], list(zip(bounds, accumulate(decisions.latency.counts), strict=True)), sum_value=decisions.latency.total
    )
    yield latency


Labelled = TypeVar("Labelled", CounterMetricFamily, GaugeMetricFamily)


def labelled(family: Labelled, values: Mapping[str, float]) -> Labelled:
    """A family with one label, filled."""
    for label, value in values.items():
        family.add_metric([label], value)
    return family


def exposition(*collectors: Collector) -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
