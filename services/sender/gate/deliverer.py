"""A replica's deliverer: looks at log and queues, decides whether mail may leave now, and says why not.

Nothing leaves while a hold stands, while it is not proven that mail leaves as the lane, while the suppression list or
the store does not answer, while clocks disagree, or without a share of the provider's sessions. What was released and
not picked up yet is taken back when a hold comes or the proof goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Container, Iterable
from dataclasses import dataclass, replace

from services.sender.gate.attempts import Attempts
from services.sender.gate.bookings import Bookings
from services.sender.gate.brakes import Brakes, held_together, slows_down
from services.sender.gate.counts import Counts
from services.sender.gate.ledger import Ledger
from services.sender.gate.log_lines import Delivery, Event, Outcome
from services.sender.gate.pauses import Pauses
from services.sender.gate.releaser import Releaser
from services.sender.gate.settlement import Settlement
from services.sender.gate.spool import Spool
from services.sender.gate.today import Today
from services.sender.gate.waiting import Waiting
from services.sender.gate.withdrawals import Withdrawals
from services.store.database import StoreUnavailable
from services.store.lanes import LaneUnknown
from services.store.pacer import ClocksDisagree
from warmlane.pacing.limits import Restraint, WarmUp
from warmlane.providers import PROVIDERS
from warmlane.recipients.suppression import SuppressionUnavailable

RECKONED_EVERY = 60.0
"""Seconds between two looks at the lane's history."""
ASKED_AGAIN_AFTER = 5.0
"""Seconds until a closed gate asks again whether it may open."""
CLOSED = ("starting", "hold", "identity", "store", "clocks", "counters")
"""Why nothing is released; for metrics to begin with."""


@dataclass(frozen=True)
class Closed:
    """Why nothing is released now."""

    kind: str
    text: str


STOPS = ("hold", "identity")
HOLD = Closed("hold", "a hold stands")
STARTING = Closed("starting", "the store was not asked yet")


class Deliverer:
    """One replica's. `clock` gives seconds since 1970 UTC, `steady` seconds that only grow; `stood` the seconds between
    two moments in which a hold stood."""

    def __init__(
        self,
        spool: Spool,
        waiting: Waiting,
        ledger: Ledger,
        warm_up: WarmUp,
        counts: Counts,
        *,
        restraint: Callable[[], Restraint],
        stood: Callable[[float, float], float],
        suppressed: Callable[[str], Awaitable[bool]],
        unproven: Callable[[], str],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waiting, self._ledger, self._warm_up, self._counts = waiting, ledger, warm_up, counts
        self._restraint, self._unproven, self._say = restraint, unproven, say
        self._clock, self._steady = clock, steady
        self._attempts, self._brakes, pauses = Attempts(), Brakes(), Pauses()
        self._bookings = Bookings(ledger, steady)
        self._settlement = Settlement(spool, waiting, ledger, counts, self._attempts, pauses, steady=steady)
        self._withdrawals = Withdrawals(spool, waiting, ledger, counts, stood=stood, steady=steady)
        self._releaser = Releaser(
            spool,
            waiting,
            ledger,
            counts,
            self._attempts,
            pauses,
            self._brakes,
            self._withdrawals,
            suppressed=suppressed,
            stopped=lambda: self._stop_now() is not None,
            clock=clock,
            steady=steady,
        )
        self.today: Today | None = None
        """The lane's sending day, as last read from the store; None until it has been."""
        self._reckoned = self._asked_again = 0.0
        self._draining = False
        self.closed: Closed | None = STARTING
        self.limit = 0
        """Today's limit of the lane, messages/day; 0 while nothing is released."""
        self._attempts.adopt(spool)

    def deployed(self, warm_up: WarmUp) -> None:
        """Takes over another plan."""
        self._warm_up = warm_up
        self.today = replace(self.today, warm_up=warm_up) if self.today else None

    def note(self, event: Event | None, *, known_place: bool = True) -> None:
        """Takes an event of the mail log in. Where the place in the log was lost, only its own tries are booked."""
        notice = isinstance(event, Delivery) and event.queue_id in self._counts.notices
        attempt = self._attempts.note(event)
        if isinstance(event, Delivery) and attempt and attempt.provider:
            whose, now = held_together(attempt.provider, attempt.domain), self._clock()
            if slows_down(event, attempt.provider):
                self._brakes.refused(whose, now)
            elif event.outcome is Outcome.DELIVERED:
                self._brakes.taken(whose, now)
        if isinstance(event, Delivery) and event.outcome is Outcome.DELIVERED and not notice:
            token = attempt.token if attempt else None
            if token or known_place:
                self._bookings.add(token.day if token else self._ledger.moment().day)

    async def step(self) -> bool:
        """Looks at everything once; whether mail is on its way, so that the next look should be soon."""
        now = self._clock()
        await self._settlement.settle(now)
        self._settlement.return_strays(now)
        self._waiting.refresh(now, self._attempts.__contains__)
        self._counts.arrived(_Either(self._waiting, self._attempts))
        stop = self._stop_now()
        if stop:
            await self._settlement.take_back(now)
            await self._learn()
        self._close(stop or await self._open(now))
        return bool(self._attempts.released())

    def _stop_now(self) -> Closed | None:
        """What stops mail that was released already, too."""
        if self._restraint().hold_stands:
            return HOLD
        why = self._unproven()
        return Closed("identity", why) if why else None

    def provider_pauses(self) -> dict[str, int]:
        """By provider, how many get no mail as they told the lane to slow down."""
        return self._brakes.pauses(self._clock())

    def drain(self) -> None:
        """Releases no more; what is under way is followed to its end."""
        self._draining = True

    async def stop(self) -> None:
        """Books what was delivered and gives back what is left. What is still under way may go out."""
        try:
            await self._bookings.book()
            closed = [provider for provider in PROVIDERS if not self._attempts.under_way(provider)]
            await asyncio.to_thread(self._ledger.close, closed)
        except (StoreUnavailable, LaneUnknown):
            self._say("the store does not answer: tokens in hand are lost, and not used twice")

    def _close(self, closed: Closed | None) -> None:
        if closed and (self.closed is None or self.closed.kind != closed.kind):
            self._say(f"nothing is released: {closed.text}")
        self.limit = self.today.limit(self._restraint()) if self.today and closed is None else 0
        if self.closed and closed is None:
            self._say(f"mail is released; today's limit is {self.limit} messages")
        self.closed = closed

    async def _open(self, now: float) -> Closed | None:
        """Releases what may go; returns why nothing may."""
        if self.closed and self.closed.kind not in STOPS and self._steady() < self._asked_again:
            return self.closed
        self._asked_again = self._steady() + ASKED_AGAIN_AFTER
        try:
            today = await self._reckon()
            if self._bookings.due():
                await self._bookings.book()
            await self._withdrawals.expire(now)
            await self._releaser.share_sessions(now)
            if not self._draining:
                await self._releaser.release(lambda: today.caps(self._restraint()))
        except (StoreUnavailable, LaneUnknown, ClocksDisagree, SuppressionUnavailable) as error:
            return _closed(error)
        return self._stop_now()

    async def _reckon(self) -> Today:
        """Looks at the lane's history when the day has changed, after an outage, and every minute."""
        day, due = self._ledger.moment().day, self._steady() - self._reckoned >= RECKONED_EVERY
        if self.today is None or self.today.day != day or self.closed or due:
            history = await asyncio.to_thread(self._ledger.history, day)
            self.today, self._reckoned = Today(day, self._warm_up, history), self._steady()
        return self.today

    async def _learn(self) -> None:
        """Reads the lane's history for admission where nothing was released since the gate began."""
        if self.today is None and self._steady() >= self._asked_again:
            self._asked_again = self._steady() + ASKED_AGAIN_AFTER
            with contextlib.suppress(StoreUnavailable, LaneUnknown):
                await self._reckon()


class _Either:
    """Ids that are in one of two places."""

    def __init__(self, one: Container[str], other: Container[str]) -> None:
        self._one, self._other = one, other

    def __contains__(self, queue_id: object) -> bool:
        return queue_id in self._one or queue_id in self._other


def _closed(error: Exception) -> Closed:
    kinds: Iterable[tuple[type[Exception], str]] = ((ClocksDisagree, "clocks"), (LaneUnknown, "counters"))
    return Closed(next((kind for type_, kind in kinds if isinstance(error, type_)), "store"), str(error))
