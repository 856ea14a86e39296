"""The intake's metrics: what came back by campaign, lane, provider and class; no label that grows with the mail."""

from __future__ import annotations

import time
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from services.intake.counts import Counts
from services.intake.spool import Spool, age
from services.intake.worker import Worker


class IntakeCollector(Collector):
    """Turns counts and the spool's state into metric families at each scrape."""

    def __init__(self, counts: Counts, spool: Spool, worker: Worker) -> None:
        self._counts, self._spool, self._worker = counts, spool, worker

    def collect(self) -> Iterable[Metric]:
        """The families, in a fixed order."""
        waiting = self._spool.waiting()
        taken, refused, deferred, outcomes, returns = self._counts.copy()
        booked = CounterMetricFamily(
            "intake_returns",
            "Bounces, complaints and not-spam reports that were booked, since the store began.",
            labels=["campaign", "lane", "provider", "kind", "class"],
        )
        for of, count in returns.items():
            booked.add_metric([of.campaign, of.lane, of.provider, of.came.value, of.class_], count)
        yield booked
        yield CounterMetricFamily("intake_messages", "Messages that were taken.", value=taken)
        for name, help_, label, figures in (
            ("intake_reports", "Messages that were worked off, by what became of them.", "outcome", outcomes),
            ("intake_refused", "Recipients and messages that were refused for good.", "reason", refused),
            ("intake_deferred", "Times that the other side was told to come back.", "reason", deferred),
        ):
            family = CounterMetricFamily(name, help_, labels=[label])
            for value, count in figures.items():
                family.add_metric([value.value], count)
            yield family
        yield GaugeMetricFamily("intake_waiting_messages", "Messages in the spool.", value=len(waiting))
        oldest = age(waiting[0], time.time()) if waiting else 0.0
        yield GaugeMetricFamily("intake_waiting_seconds", "How long the oldest of them has waited.", value=oldest)
        yield GaugeMetricFamily("intake_spool_bytes", "What the spool holds.", value=self._spool.octets)
        kept = sum(1 for _ in self._spool.kept.iterdir())
        yield GaugeMetricFamily("intake_kept_messages", "Messages that a person should read.", value=kept)
        stalled = int(bool(self._worker.trouble))
        yield GaugeMetricFamily("intake_stalled", "1 while reports wait for the store or the keys.", value=stalled)
