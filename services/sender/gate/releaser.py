"""Releases waiting mail: providers in turn, one message for one token, and never without having looked again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from services.sender.gate.attempts import Attempt, Attempts
from services.sender.gate.brakes import Brakes, held_together
from services.sender.gate.counts import Counts
from services.sender.gate.ledger import Ledger
from services.sender.gate.pauses import Pauses
from services.sender.gate.sessions import Sessions
from services.sender.gate.spool import Spool
from services.sender.gate.waiting import Message, Waiting
from services.sender.gate.withdrawals import Withdrawals
from services.store.database import StoreUnavailable
from services.store.pacer import Token
from warmlane.pacing.caps import Caps
from warmlane.providers import PROVIDERS
from warmlane.recipients.address import MalformedAddress

AT_ONCE = 200
"""Messages that are released before the mail log is looked at again."""
RELEASED_WITHIN = 20.0
"""Seconds for which messages are released while the store answers slowly: then the log is looked at again."""
LOOKED_AGAIN_AFTER = 5.0
"""Seconds for which mail waits while one message finds out whether its provider takes mail again."""


class Releaser:
    """Moves waiting mail to `incoming`, where qmgr finds it.

    `suppressed` asks the list for an address and raises SuppressionUnavailable; `stopped` tells whether nothing may
    leave now. `clock` gives seconds since 1970 UTC, `steady` seconds that only grow.
    """

    def __init__(
        self,
        spool: Spool,
        waiting: Waiting,
        ledger: Ledger,
        counts: Counts,
        attempts: Attempts,
        pauses: Pauses,
        brakes: Brakes,
        withdrawals: Withdrawals,
        *,
        suppressed: Callable[[str], Awaitable[bool]],
        stopped: Callable[[], bool],
        clock: Callable[[], float],
        steady: Callable[[], float],
    ) -> None:
        self._spool, self._waiting, self._ledger, self._counts = spool, waiting, ledger, counts
        self._attempts, self._pauses, self._brakes, self._withdrawals = attempts, pauses, brakes, withdrawals
        self._suppressed, self._stopped, self._clock, self._steady = suppressed, stopped, clock, steady
        self._sessions = Sessions()
        self._turn = 0

    async def share_sessions(self, now: float) -> None:
        """Renews the shares of the providers' sessions that are needed and gives the others back; `now` in seconds
        since 1970 UTC. Raises StoreUnavailable, LaneUnknown."""
        for provider in PROVIDERS:
            under_way = self._attempts.under_way(provider)
            if under_way or self._waiting.next(provider, now):
                await self._sessions.renew(self._ledger, provider, under_way, self._steady())
            else:
                await self._sessions.rest(self._ledger, provider, self._steady())

    async def release(self, caps: Callable[[], Caps]) -> None:
        """One message for each provider in turn, until none has room, a token or mail. `caps` is asked for each token,
        as a throttle may come meanwhile.

        Raises StoreUnavailable, LaneUnknown, ClocksDisagree, SuppressionUnavailable.
        """
        order = [*PROVIDERS[self._turn :], *PROVIDERS[: self._turn]]
        self._turn = (self._turn + 1) % len(PROVIDERS)
        released, began = 0, self._steady()
        try:
            while order and released < AT_ONCE and self._steady() - began < RELEASED_WITHIN:
                turns = (self._release_one(provider, caps) for provider in order)
                done = await asyncio.gather(*turns, return_exceptions=True)
                released += sum(result is True for result in done)
                for result in done:
                    if isinstance(result, BaseException):
                        raise result
                order = [provider for provider, went in zip(order, done, strict=True) if went]
        finally:
            if released:
                self._spool.wake()

    async def _release_one(self, provider: str, caps: Callable[[], Caps]) -> bool:
        """Releases the provider's oldest message, puts it off or withdraws it; whether there may be more to do."""
        message = self._waiting.next(provider, self._clock())
        if message is None or self._stopped():
            return False
        paused = self._paused(provider, message.domain)
        if paused is not None:
            self._waiting.postpone(message, paused)
            return True
        if self._attempts.under_way(provider) >= self._sessions.allowed(provider, self._steady()):
            return False
        token = await asyncio.to_thread(self._ledger.take, provider, caps())
        if token is None:
            return False
        used = False
        try:
            used = await self._release_with(token, message)
        finally:
            if used:
                self._counts.tokens[provider] += 1
            else:
                # Otherwise it is lost: a token of which nobody is sure is never given back twice.
                with contextlib.suppress(StoreUnavailable):
                    await asyncio.to_thread(self._ledger.put_back, token)
        return True

    def _paused(self, provider: str, domain: str) -> float | None:
        """Until when a domain gets no mail; None when it may have some now."""
        whose, now = held_together(provider, domain), self._clock()
        paused = self._pauses.until(domain, now) or self._brakes.paused(whose, now)
        if paused is None and self._brakes.one_at_a_time(whose) and self._attempts.unsettled(whose):
            return now + LOOKED_AGAIN_AFTER
        return paused

    async def _release_with(self, token: Token, message: Message) -> bool:
        """Whether the token was used."""
        try:
            suppressed = await self._suppressed(message.recipient)
        except MalformedAddress:
            self._waiting.unreadable.add(message.file.queue_id)
            self._waiting.remove(message)
            return False
        if suppressed:
            self._withdrawals.withdraw(message, "suppressed")
            return False
        if self._stopped():
            return False
        queue_id = message.file.queue_id
        self._attempts.begin(Attempt(queue_id, message.domain, token.provider, token, message.tried))
        self._waiting.remove(message)
        if self._spool.move(message.file, "incoming", self._clock()) is None:
            self._attempts.forget(queue_id)
            return False
        return True
