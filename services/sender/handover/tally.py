"""What was handed over, taken, left behind: counted for metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


@dataclass
class Tally:
    """Messages since the process began."""

    taken: int = 0
    """From a sibling."""
    given: int = 0
    """To a sibling."""
    exported: int = 0
    """Left on the volume."""
    imported: int = 0
    """Found there and put on hold."""
    refused: int = 0
    """Not sealed by this campaign's key for here: garbage, recorded traffic, another key."""
    stranded: int = 0
    """Files on the volume that can't be opened."""
    leaving: bool = False
    """Whether the queue is being handed over."""


class HandoverCollector(Collector):
    """The tally as metric families."""

    def __init__(self, tally: Callable[[], Tally]) -> None:
        self._tally = tally

    def collect(self) -> Iterable[Metric]:
        """The families, in a fixed order."""
        tally = self._tally()
        moved = CounterMetricFamily(
            "sender_handover_messages", "Messages that changed their pod, by how.", labels=["how"]
        )
        for how in ("taken", "given", "exported", "imported", "refused"):
            moved.add_metric([how], getattr(tally, how))
        yield moved
        yield GaugeMetricFamily(
            "sender_export_files_unreadable",
            "Files that pods have left behind and that this pod can't open.",
            value=tally.stranded,
        )
        yield GaugeMetricFamily(
            "sender_leaving", "1 while the pod is told to stop and hands its queue over.", value=int(tally.leaving)
        )
