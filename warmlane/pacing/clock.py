"""The clock of a process that takes tokens: right at its start, and never moved after it.

A token belongs to an hour of a day, so a clock that is set forward would open tomorrow's hours today, and one that is
set back would open an hour twice. So the wall clock is read once; from then on the time since the start is added, which
setting the clock does not change. Whether the start was right is told by the store's clock: while the two differ by
more than a minute, no token is given.
"""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCE = 60.0
"""Seconds by which the process' clock and the store's may differ."""


@dataclass(frozen=True)
class SteadyClock:
    """Wall clock (seconds since 1970 UTC) and boot clock (seconds, suspended time included) at the process' start."""

    wall: float
    boot: float

    def now(self, boot: float) -> float:
        """Seconds since 1970 UTC when the boot clock reads `boot`."""
        return self.wall + (boot - self.boot)


def agree(one: float, other: float) -> bool:
    """Whether two clocks (seconds since 1970 UTC) tell the same time."""
    return abs(one - other) <= TOLERANCE
