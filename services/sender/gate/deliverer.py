"""Releases mail from `hold` and `deferred`: one message for one token, and never without having looked again.

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

from services.sender.gate.attempts import Attempt, Attempts
from services.sender.gate.brakes import Brakes, held_together, slows_down
from services.sender.gate.counts import Counts
from services.sender.gate.ledger import Ledger
from services.sender.gate.log_lines import Delivery, Event, Outcome
from services.sender.gate.pauses import Pauses
from services.sender.gate.sessions import Sessions
from services.sender.gate.spool import Envelope, QueueFile, QueueFileError, Spool
from services.sender.gate.today import Today
from services.sender.gate.waiting import Message, Waiting
from services.store.database import StoreUnavailable
from services.store.lanes import LaneUnknown
from services.store.pacer import ClocksDisagree, Token
from warmlane.pacing.limits import Restraint, WarmUp
from warmlane.providers import PROVIDERS
from warmlane.recipients.address import MalformedAddress
from warmlane.recipients.suppression import SuppressionUnavailable

RECKONED_EVERY = 60.0
"""Seconds between two looks at the lane's history."""
KEPT_SECONDS = 5 * 86_400.0
"""Seconds from a message's first try after which it is given up (RFC 5321 4.5.4.1: four to five days), those in which a
hold stood left out. Mail that was never tried waits for the warm-up, not for a receiver, so it does not age."""
SLOW_AFTER = 20.0
"""Seconds for which a look asks a store that answers slowly: then the log is looked at again."""
AT_ONCE = 200
"""Messages that are released before the mail log is looked at again."""
BOOKED_EVERY = 1.0
"""Seconds between two bookings of what was delivered."""
EXPIRED_EVERY = 60.0
"""Seconds between two searches for mail that is too old."""
ASKED_AGAIN_AFTER = 5.0
"""Seconds until a closed gate asks again whether it may open."""
LOOKED_AGAIN_AFTER = 5.0
"""Seconds for which mail waits while one message finds out whether its provider takes mail again."""
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
    """One replica's release of mail. `clock` gives seconds since 1970 UTC, `steady` seconds that only grow; `stood` the
    seconds between two moments in which a hold stood."""

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
        self._spool, self._waiting, self._ledger, self._warm_up, self.counts = spool, waiting, ledger, warm_up, counts
        self._restraint, self._suppressed, self._unproven, self._say = restraint, suppressed, unproven, say
        self._stood, self._clock, self._steady = stood, clock, steady
        self._attempts, self._sessions, self._pauses, self._brakes = Attempts(), Sessions(), Pauses(), Brakes()
        self.today: Today | None = None
        """The lane's sending day, as last read from the store; None until it has been."""
        self._reckoned = 0.0
        self._turn = 0
        self._draining = False
        self._delivered: dict[int, int] = {}
        self._booked = self._expired = self._asked_again = 0.0
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
        notice = isinstance(event, Delivery) and event.queue_id in self.counts.notices
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
                day = token.day if token else self._ledger.moment().day
                self._delivered[day] = self._delivered.get(day, 0) + 1

    async def step(self) -> bool:
        """Looks at everything once; whether mail is on its way, so that the next look should be soon."""
        now = self._clock()
        await self._settle(now)
        self._return_strays(now)
        self._waiting.refresh(now, self._attempts.__contains__)
        self.counts.arrived(_Either(self._waiting, self._attempts))
        stop = self._stop_now()
        if stop:
            await self._take_back(now)
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
            await self._book_delivered()
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
            await self._reckon()
            if self._steady() - self._booked >= BOOKED_EVERY:
                await self._book_delivered()
            await self._expire(now)
            for provider in PROVIDERS:
                under_way = self._attempts.under_way(provider)
                if under_way or self._waiting.next(provider, now):
                    await self._sessions.renew(self._ledger, provider, under_way, self._steady())
                else:
                    await self._sessions.rest(self._ledger, provider, self._steady())
            if not self._draining:
                await self._release_all()
        except (StoreUnavailable, LaneUnknown, ClocksDisagree, SuppressionUnavailable) as error:
            return _closed(error)
        return self._stop_now()

    async def _reckon(self) -> None:
        """Looks at the lane's history when the day has changed, after an outage, and every minute."""
        day = self._ledger.moment().day
        if self.today is None or self.today.day != day or self.closed or self._due(self._reckoned, RECKONED_EVERY):
            history = await asyncio.to_thread(self._ledger.history, day)
            self.today, self._reckoned = Today(day, self._warm_up, history), self._steady()

    async def _learn(self) -> None:
        """Reads the lane's history for admission where nothing was released since the gate began."""
        if self.today is None and self._steady() >= self._asked_again:
            self._asked_again = self._steady() + ASKED_AGAIN_AFTER
            with contextlib.suppress(StoreUnavailable, LaneUnknown):
                await self._reckon()

    def _due(self, last: float, every: float) -> bool:
        return self._steady() - last >= every

    async def _release_all(self) -> None:
        """One message for each provider in turn, until none has room, a token or mail."""
        order = [*PROVIDERS[self._turn :], *PROVIDERS[: self._turn]]
        self._turn = (self._turn + 1) % len(PROVIDERS)
        released, began = 0, self._steady()
        try:
            while order and released < AT_ONCE and not self._due(began, SLOW_AFTER):
                done = await asyncio.gather(*(self._release(provider) for provider in order), return_exceptions=True)
                released += sum(result is True for result in done)
                for result in done:
                    if isinstance(result, BaseException):
                        raise result
                order = [provider for provider, went in zip(order, done, strict=True) if went]
        finally:
            if released:
                self._spool.wake()

    async def _release(self, provider: str) -> bool:
        """Releases the provider's oldest message, or withdraws it; whether there may be more to do."""
        today, restraint = self.today, self._restraint()
        message = self._waiting.next(provider, self._clock())
        if message is None or today is None or self._stop_now():
            return False
        whose, now = held_together(provider, message.domain), self._clock()
        paused = self._pauses.until(message.domain, now) or self._brakes.paused(whose, now)
        if paused is None and self._brakes.one_at_a_time(whose) and self._attempts.unsettled(whose):
            paused = now + LOOKED_AGAIN_AFTER
        if paused is not None:
            self._waiting.postpone(message, paused)
            return True
        if self._attempts.under_way(provider) >= self._sessions.allowed(provider, self._steady()):
            return False
        token = await asyncio.to_thread(self._ledger.take, provider, today.caps(restraint))
        if token is None:
            return False
        used = False
        try:
            used = await self._release_with(token, message)
        finally:
            if used:
                self.counts.tokens[provider] += 1
            else:
                await self._put_back(token)
        return True

    async def _release_with(self, token: Token, message: Message) -> bool:
        """Whether the token was used."""
        try:
            suppressed = await self._suppressed(message.recipient)
        except MalformedAddress:
            self._waiting.unreadable.add(message.file.queue_id)
            self._waiting.remove(message)
            return False
        if suppressed:
            self._withdraw(message, "suppressed")
            return False
        if self._stop_now():
            return False
        queue_id = message.file.queue_id
        self._attempts.begin(Attempt(queue_id, message.domain, token.provider, token, message.tried))
        self._waiting.remove(message)
        if self._spool.move(message.file, "incoming", self._clock()) is None:
            self._attempts.forget(queue_id)
            return False
        return True

    def _withdraw(self, message: Message, reason: str) -> None:
        self._waiting.remove(message)
        if self._spool.delete(message.file):
            self.counts.withdrawn[reason] += 1

    async def _expire(self, now: float) -> None:
        if not self._due(self._expired, EXPIRED_EVERY):
            return
        self._expired = self._steady()
        if not self._too_old(now):
            return
        # Mail is not given up by the word of one clock: set forward, it would empty the queue.
        agreed = min(now, await asyncio.to_thread(self._ledger.now))
        for message in self._too_old(agreed):
            self._withdraw(message, "expired")

    def _too_old(self, now: float) -> list[Message]:
        return [message for message in self._waiting if self._age(message, now) > KEPT_SECONDS]

    def _age(self, message: Message, now: float) -> float:
        """Seconds since a first try in which the message could leave; 0 for one that was never tried."""
        # Not before it arrived, whatever its file's time says.
        first = max(message.tried.first, message.arrived)
        passed = now - first if message.tried.first else 0.0
        # The holds need not be looked through for each of many messages that are younger by any reckoning.
        return passed - self._stood(first, now) if passed > KEPT_SECONDS else passed

    async def _settle(self, now: float) -> None:
        """Draws the consequences of the tries that have ended."""
        unused = list[Token]()
        for attempt in self._attempts.settle(self._spool, self._steady()):
            if not attempt.contacted and attempt.token:
                self.counts.tokens[attempt.token.provider] -= 1
                unused.append(attempt.token)
            if attempt.outcome is Outcome.DEFERRED and not attempt.contacted:
                self._pauses.failed(attempt.domain, now)
                self._waiting.comes_back(attempt.queue_id, attempt.tried.unreached(now))
                continue
            self._pauses.reached(attempt.domain)
            if attempt.outcome is not Outcome.DELIVERED and attempt.outcome is not Outcome.BOUNCED:
                self._waiting.comes_back(attempt.queue_id, attempt.tried.again(now))
        await self._put_back(*unused)

    async def _put_back(self, *tokens: Token) -> None:
        # Otherwise it is lost, as a token of which nobody is sure is never given back twice; and the others with it, as
        # asking a store that is away, or slow, for each of many takes minutes.
        began = self._steady()
        with contextlib.suppress(StoreUnavailable):
            for token in tokens:
                if self._due(began, SLOW_AFTER):
                    break
                await asyncio.to_thread(self._ledger.put_back, token)

    async def _take_back(self, now: float) -> None:
        """What was released and not picked up goes back to `hold`, and its token to the store."""
        unused = list[Token]()
        for file in self._spool.files("incoming"):
            attempt = self._attempts.get(file.queue_id)
            if attempt is None or self._spool.move(file, "hold", attempt.tried.stamp(now)) is None:
                continue
            self._attempts.forget(file.queue_id)
            if attempt.token:
                self.counts.tokens[attempt.token.provider] -= 1
                unused.append(attempt.token)
        await self._put_back(*unused)

    def _return_strays(self, now: float) -> None:
        """Mail in `incoming` that was not released, or whose try has ended, goes back to `hold`: qmgr puts there what
        it was working on when it was reloaded, and an earlier gate what it released last."""
        for file in self._spool.files("incoming"):
            if file.queue_id not in self._attempts and not _is_notice(self._spool, file):
                self._spool.move(file, "hold", now)

    async def _book_delivered(self) -> None:
        """Books what was delivered. What is not known to be booked is not booked again: too much would let the lane
        grow faster than its receivers have seen."""
        self._booked = self._steady()
        while self._delivered:
            day, messages = self._delivered.popitem()
            await asyncio.to_thread(self._ledger.delivered, day, messages)


class _Either:
    """Ids that are in one of two places."""

    def __init__(self, one: Container[str], other: Container[str]) -> None:
        self._one, self._other = one, other

    def __contains__(self, queue_id: object) -> bool:
        return queue_id in self._one or queue_id in self._other


def _is_notice(spool: Spool, file: QueueFile) -> bool:
    try:
        envelope: Envelope | None = spool.envelope(file)
    except (QueueFileError, OSError):
        return False
    return envelope is not None and not envelope.sender


def _closed(error: Exception) -> Closed:
    kinds: Iterable[tuple[type[Exception], str]] = ((ClocksDisagree, "clocks"), (LaneUnknown, "counters"))
    return Closed(next((kind for type_, kind in kinds if isinstance(error, type_)), "store"), str(error))
