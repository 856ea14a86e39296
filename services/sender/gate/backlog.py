"""How much mail may wait: what the coming days of warm-up can carry, and not a message more."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from warmlane.pacing.limits import WarmUp
from warmlane.pacing.moments import UTC_DAY

RECOUNTED_EVERY = 1.0
"""Seconds for which a count of the queue stands; what is let in meanwhile is added to it."""


@dataclass(frozen=True)
class Full:
    """As much waits as may."""

    waiting: int
    """Messages."""
    capacity: int
    """Messages."""
    retry: float
    """When the next day's share comes, in seconds since 1970 UTC."""

    @property
    def text(self) -> str:
        """A sentence for the producer."""
        at = datetime.fromtimestamp(self.retry, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{self.waiting} messages wait and the coming days carry {self.capacity}. Retry after {at}."


def capacity(warm_up: WarmUp, day_length: int, days: int, now: float) -> int:
    """Messages that `days` sending days carry, of which today is the first and counts with what is left of it.

    Tokens are released evenly over a day, so what is left of today's is the part of its time that is left. `day_length`
    in seconds, `now` in seconds since 1970 UTC.
    """
    today, passed = divmod(now, day_length)
    shares = [_limit(warm_up, int(today) + ahead) for ahead in range(days)]
    return int(shares[0] * (day_length - passed) // day_length) + sum(shares[1:])


def _limit(warm_up: WarmUp, day: int) -> int:
    passed = day - warm_up.starts
    return warm_up.limits[min(passed, len(warm_up.limits) - 1)] if passed >= 0 else 0


@dataclass
class Backlog:
    """Whether one more message may wait.

    `queued` counts the messages that wait in the spool, by whatever queue; it may raise OSError. `clock` gives seconds
    since 1970 UTC.
    """

    warm_up: WarmUp
    queued: Callable[[], int]
    days: int
    """Sending days whose allowance may be waited for; at least 1."""
    day_length: int = UTC_DAY
    """Seconds of a sending day."""
    clock: Callable[[], float] = time.time
    _counted: int = field(default=0, init=False)
    _admitted: int = field(default=0, init=False)
    _counted_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"max_backlog_days: {self.days} is not allowed; at least today's mail waits, so 1 or more")

    def full(self) -> Full | None:
        """Why no more may wait, or None. Raises OSError when the spool can't be read."""
        now = self.clock()
        # A clock that was set back must not keep an old count alive.
        if self._counted_at is None or not 0 <= now - self._counted_at < RECOUNTED_EVERY:
            self._counted, self._admitted, self._counted_at = self.queued(), 0, now
        waiting, most = self._counted + self._admitted, capacity(self.warm_up, self.day_length, self.days, now)
        if waiting < most:
            return None
        return Full(waiting, most, (now // self.day_length + 1) * self.day_length)

    def admitted(self) -> None:
        """One more message was let in; it counts until the spool is counted again."""
        self._admitted += 1
