"""How much mail may wait: what the coming days of warm-up can carry, and what the spool can hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction

from services.sender.gate.today import Today
from services.sender.postfix.render import MESSAGE_SIZE_LIMIT
from warmlane.pacing.history import History
from warmlane.pacing.limits import Restraint, limit
from warmlane.pacing.moments import UTC_DAY

RECOUNTED_EVERY = 1.0
"""Seconds for which a count of the queue, and of what may wait, stands; what is let in meanwhile is added to it."""
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
    """Messages: this replica's part of what the coming days carry."""
    retry: float
    """When the next day's share comes, in seconds since 1970 UTC."""

    @property
    def text(self) -> str:
        """A sentence for the producer."""
        at = datetime.fromtimestamp(self.retry, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return f"{self.waiting} messages wait here, and {self.capacity} may for the coming days. Retry after {at}."


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


@dataclass(frozen=True)
class Unready:
    """What may wait is not known yet: the lane's history was not read since the gate began."""

    @property
    def text(self) -> str:
        """A sentence for the producer."""
        return "What the coming days carry is not known yet. Retry in a minute."


def capacity(today: Today, throttle: Fraction, day_length: int, days: int, now: float) -> int:
    """Messages that `days` sending days carry, of which today is the first and counts with what is left of it.

    Each day's limit follows from the lane's history and from the days before it, taken as used to the full; the present
    throttle factor is taken to stay. Tokens are released evenly over a day, so what is left of today's is the part of
    its time that is left. `day_length` in seconds, `now` in seconds since 1970 UTC.
    """
    first, passed = divmod(now, day_length)
    history, shares = today.history, list[int]()
    for ahead in range(days):
        carried = limit(today.warm_up, history, Restraint(allowance=None, throttle=throttle), int(first) + ahead)
        shares.append(carried)
        if carried:
            history = History(history.sending_days + 1, max(history.highest, carried))
    return int(shares[0] * (day_length - passed) // day_length) + sum(shares[1:])


@dataclass
class Backlog:
    """Whether one more message may wait.

    `today` is the lane's sending day as far as it is known; `throttle` its factor, 0 to 1. `queued` counts the messages
    that wait in the spool, by whatever queue, `octets` what they take on disk; both may raise OSError. `clock` gives
    seconds since 1970 UTC.
    """

    today: Callable[[], Today | None]
    queued: Callable[[], int]
    days: int
    """Sending days whose allowance may be waited for; at least 1."""
    day_length: int = UTC_DAY
    """Seconds of a sending day."""
    replicas: int = 1
    """Pods that share the lane, and so what may wait for it; each takes an even part."""
    throttle: Callable[[], Fraction] = lambda: Fraction(1)
    clock: Callable[[], float] = time.time
    octets: Callable[[], int] = lambda: 0
    space: int | None = None
    """Octets that the spool may hold; None without such a bound."""
    _counted: int = field(default=0, init=False)
    _most: int = field(default=0, init=False)
    _admitted: int = field(default=0, init=False)
    _counted_at: float | None = field(default=None, init=False)
    _measured: int = field(default=0, init=False)
    _reserved: int = field(default=0, init=False)
    _measured_at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.days < 1:
            raise ValueError(f"max_backlog_days: {self.days} is not allowed; at least today's mail waits, so 1 or more")

    def full(self) -> Full | Crowded | Unready | None:
        """Why no more may wait, or None. Raises OSError when the spool can't be read."""
        now, today = self.clock(), self.today()
        if today is None:
            return Unready()
        if _old(self._counted_at, now, RECOUNTED_EVERY):
            self._counted, self._admitted, self._counted_at = self.queued(), 0, now
            lane = capacity(today, self.throttle(), self.day_length, self.days, now)
            self._most = lane // self.replicas
        waiting = self._counted + self._admitted
        if waiting >= self._most:
            return Full(waiting, self._most, (now // self.day_length + 1) * self.day_length)
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
