"""Mail that leaves the queue without another try: its recipient was suppressed meanwhile, or it has expired."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.sender.gate.counts import Counts
from services.sender.gate.ledger import Ledger
from services.sender.gate.spool import Spool
from services.sender.gate.waiting import Message, Waiting

KEPT_SECONDS = 5 * 86_400.0
"""Seconds from a message's first try after which it is given up (RFC 5321 4.5.4.1: four to five days), those in which a
hold stood left out. Mail that was never tried waits for the warm-up, not for a receiver, so it does not age."""
EXPIRED_EVERY = 60.0
"""Seconds between two searches for mail that is too old."""


class Withdrawals:
    """Takes waiting mail out of the queue and counts why. `stood` gives the seconds between two moments in which a hold
    stood, `steady` seconds that only grow."""

    def __init__(
        self,
        spool: Spool,
        waiting: Waiting,
        ledger: Ledger,
        counts: Counts,
        *,
        stood: Callable[[float, float], float],
        steady: Callable[[], float],
    ) -> None:
        self._spool, self._waiting, self._ledger, self._counts = spool, waiting, ledger, counts
        self._stood, self._steady = stood, steady
        self._searched = 0.0

    def withdraw(self, message: Message, reason: str) -> None:
        """Removes a message; `reason` is one of `counts.WITHDRAWN`."""
        self._waiting.remove(message)
        if self._spool.delete(message.file):
            self._counts.withdrawn[reason] += 1

    async def expire(self, now: float) -> None:
        """Gives up what is too old, looking for it every minute; `now` in seconds since 1970 UTC.

        Raises StoreUnavailable.
        """
        if self._steady() - self._searched < EXPIRED_EVERY:
            return
        self._searched = self._steady()
        if not self._too_old(now):
            return
        # Mail is not given up by the word of one clock: set forward, it would empty the queue.
        agreed = min(now, await asyncio.to_thread(self._ledger.now))
        for message in self._too_old(agreed):
            self.withdraw(message, "expired")

    def _too_old(self, now: float) -> list[Message]:
        return [message for message in self._waiting if self._age(message, now) > KEPT_SECONDS]

    def _age(self, message: Message, now: float) -> float:
        """Seconds since a first try in which the message could leave; 0 for one that was never tried."""
        # Not before it arrived, whatever its file's time says.
        first = max(message.tried.first, message.arrived)
        passed = now - first if message.tried.first else 0.0
        # The holds need not be looked through for each of many messages that are younger by any reckoning.
        return passed - self._stood(first, now) if passed > KEPT_SECONDS else passed
