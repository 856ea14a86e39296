"""How much of each source is taken at once and in a minute, with memory that does not grow."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable

from services.intake.settings import Limits

SOURCES = 10_000
"""Sources whose rate is remembered; beyond them the one that was quiet for longest is forgotten."""


class Traffic:
    """Connections and messages by source; `clock` in seconds, never going back. For one event loop."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits, self._clock = limits, clock
        self._open = Counter[str]()
        self._left = OrderedDict[str, tuple[float, float]]()
        """By source, messages that it may send now, and when that was so."""

    @property
    def connections(self) -> int:
        """Open now."""
        return self._open.total()

    def enter(self, source: str) -> bool:
        """Whether a connection may stay; one that may is to be ended by `leave`."""
        if self.connections >= self._limits.connections or self._open[source] >= self._limits.connections_of_source:
            return False
        self._open[source] += 1
        return True

    def leave(self, source: str) -> None:
        """A connection that stayed has ended."""
        self._open[source] -= 1
        if not self._open[source]:
            del self._open[source]

    def message(self, source: str) -> bool:
        """Whether a source may send one more message now."""
        most, now = float(self._limits.messages_of_source), self._clock()
        left, then = self._left.pop(source, (most, now))
        left = min(most, left + (now - then) * most / 60)
        allowed = left >= 1
        self._left[source] = (left - 1 if allowed else left, now)
        if len(self._left) > SOURCES:
            self._left.popitem(last=False)
        return allowed
