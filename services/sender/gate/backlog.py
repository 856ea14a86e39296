"""How much mail may wait: what the coming days of warm-up can carry, and what the spool can hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.sender.postfix.render import MESSAGE_SIZE_LIMIT
from warmlane.pacing.limits import WarmUp
from warmlane.pacing.moments import UTC_DAY

RECOUNTED_EVERY = 1.0
"""Seconds for which a count of the queue stands; what is let in meanwhile is added to it."""
MEASURED_EVERY = 5.0
"""Seconds for which the octets on disk stand: for 50,000 files they take 0.15 s, the count a seventh of that (seen)."""
KEPT_FREE = 2 * MESSAGE_SIZE_LIMIT
"""Octets, as Postfix' own `queue_minfree`."""
MIB = 1024 * 1024


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


@dataclass(frozen=True)
class Crowded:
    """As much lies in the spool as may: a pod whose volume outgrows its bound is evicted, and its mail with it."""

    used: int
    """Octets, those included that were let in and may not be on disk yet."""
    space: int
    """Octets."""

    @property
    def text(self) -> str:
        """A sentence for the producer."""
        used, space, free = (octets // MIB for octets in (self.used, self.space, KEPT_FREE))
        return f"{used} of {space} MiB are used and {free} are kept free. Retry when mail has left."


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

    `queued` counts the messages that wait in the spool, by whatever queue, and `octets` what they take on disk; both
    may raise OSError. `clock` gives seconds since 1970 UTC.
    """

    warm_up: WarmUp
    queued: Callable[[], int]
    days: int
    """Sending days whose allowance may be waited for; at least 1."""
    day_length: int = UTC_DAY
    """Seconds of a sending day."""
    clock: Callable[[], float] = time.time
    octets: Callable[[], int] = lambda: 0
    space: int | None = None
    """Octets that the spool may hold; None without such a bound."""
    _counted: int = field(default=0, init=False)
    _admitted: int = field(default=0, init=False)
    _counted_at: float | None = field(default=None, init=False)
    _measured: int = field(default=0, init=False)
    _reserved: int = field(default=0, init=False)
    _measured_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"max_backlog_days: {self.days} is not allowed; at least today's mail waits, so 1 or more")

    def full(self) -> Full | Crowded | None:
        """Why no more may wait, or None. Raises OSError when the spool can't be read."""
        now = self.clock()
        if _old(self._counted_at, now, RECOUNTED_EVERY):
            self._counted, self._admitted, self._counted_at = self.queued(), 0, now
        waiting, most = self._counted + self._admitted, capacity(self.warm_up, self.day_length, self.days, now)
        if waiting >= most:
            return Full(waiting, most, (now // self.day_length + 1) * self.day_length)
        return self._crowded(now)

    def _crowded(self, now: float) -> Crowded | None:
        if self.space is None:
            return None
        if _old(self._measured_at, now, MEASURED_EVERY):
            self._measured, self._reserved, self._measured_at = self.octets(), 0, now
        used = self._measured + self._reserved
        return Crowded(used, self.space) if used + KEPT_FREE > self.space else None

    def admitted(self, octets: int | None = None) -> None:
        """One more message was let in; it counts until the spool is counted again.

        `octets` is what its producer declared; without, it is taken for the largest.
        """
        self._admitted += 1
        self._reserved += MESSAGE_SIZE_LIMIT if octets is None else octets


def _old(at: float | None, now: float, every: float) -> bool:
    # A clock that was set back must not keep an old count alive.
    return at is None or not 0 <= now - at < every
