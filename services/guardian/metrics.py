"""The guardian's own metrics; no label that grows with campaigns or mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.guardian.guardian import Cycle
from warmlane.feedback.decision import Decision
from warmlane.hold import Level


class Metrics:
    """What is counted, in a registry of its own."""

    def __init__(self, leads: Callable[[], bool]) -> None:
        self.registry = CollectorRegistry()
        leader = Gauge("guardian_leader", "1 for the one guardian that acts.", registry=self.registry)
        leader.set_function(lambda: float(leads()))
        self._cycles = Counter("guardian_cycles", "Cycles that were decided and saved.", registry=self.registry)
        self._at = Gauge(
            "guardian_cycle_timestamp_seconds", "When the last cycle was decided and saved.", registry=self.registry
        )
        self._problems = Counter(
            "guardian_problems",
            "What could not be asked or written, and was tried again.",
            registry=self.registry,
        )
        self._decisions = Counter(
            "guardian_decisions",
            "Decisions, and those for which a person is to be woken.",
            ["page"],
            registry=self.registry,
        )
        self._written = Counter(
            "guardian_holds_written", "Records of holds and their mirrors.", ["part"], registry=self.registry
        )
        self._standings = Gauge(
            "guardian_campaigns", "Campaigns by where they stand.", ["level"], registry=self.registry
        )
        for page in ("no", "yes"):
            self._decisions.labels(page)
        for part in ("record", "mirror"):
            self._written.labels(part)

    def told(self, cycle: Cycle, now: float) -> None:
        """Counts a cycle that ended at `now`, seconds since 1970 UTC."""
        self._cycles.inc()
        self._at.set(now)
        self.failed(len(cycle.problems))
        self._decided(cycle.decisions)
        for _, part in cycle.written:
            self._written.labels(part).inc()
        for level in Level:
            self._standings.labels(level.value).set(cycle.levels.count(level))

    def failed(self, problems: int = 1) -> None:
        """Counts what will be tried again."""
        self._problems.inc(problems)

    def _decided(self, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            self._decisions.labels("yes" if decision.page else "no").inc()
