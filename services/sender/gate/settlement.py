"""What follows when a try to deliver has ended: for the message, its token and its domain.

A try ends by a receiver's answer, without one, or before Postfix began with it: a message that was released and not
picked up yet is taken back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from services.sender.gate.attempts import Attempts
from services.sender.gate.counts import Counts
from services.sender.gate.ledger import Ledger
from services.sender.gate.log_lines import Outcome
from services.sender.gate.pauses import Pauses
from services.sender.gate.spool import Envelope, QueueFile, QueueFileError, Spool
from services.sender.gate.waiting import Waiting
from services.store.database import StoreUnavailable
from services.store.pacer import Token

PUT_BACK_WITHIN = 20.0
"""Seconds for which tokens are given back to a store that answers slowly: then the log is looked at again."""


class Settlement:
    """Settles tries. `now` is in seconds since 1970 UTC, `steady` gives seconds that only grow."""

    def __init__(
        self,
        spool: Spool,
        waiting: Waiting,
        ledger: Ledger,
        counts: Counts,
        attempts: Attempts,
        pauses: Pauses,
        *,
        steady: Callable[[], float],
    ) -> None:
        self._spool, self._waiting, self._ledger, self._counts = spool, waiting, ledger, counts
        self._attempts, self._pauses, self._steady = attempts, pauses, steady

    async def settle(self, now: float) -> None:
        """Draws the consequences of the tries that have ended."""
        unused = list[Token]()
        for attempt in self._attempts.settle(self._spool, self._steady()):
            if not attempt.contacted and attempt.token:
                self._counts.tokens[attempt.token.provider] -= 1
                unused.append(attempt.token)
            if attempt.outcome is Outcome.DEFERRED and not attempt.contacted:
                self._pauses.failed(attempt.domain, now)
                self._waiting.comes_back(attempt.queue_id, attempt.tried.unreached(now))
                continue
            self._pauses.reached(attempt.domain)
            if attempt.outcome is not Outcome.DELIVERED and attempt.outcome is not Outcome.BOUNCED:
                self._waiting.comes_back(attempt.queue_id, attempt.tried.again(now))
        await self._put_back(unused)

    async def take_back(self, now: float) -> None:
        """What was released and not picked up goes back to `hold`, and its token to the store."""
        unused = list[Token]()
        for file in self._spool.files("incoming"):
            attempt = self._attempts.get(file.queue_id)
            if attempt is None or self._spool.move(file, "hold", attempt.tried.stamp(now)) is None:
                continue
            self._attempts.forget(file.queue_id)
            if attempt.token:
                self._counts.tokens[attempt.token.provider] -= 1
                unused.append(attempt.token)
        await self._put_back(unused)

    def return_strays(self, now: float) -> None:
        """Mail in `incoming` that was not released, or whose try has ended, goes back to `hold`: qmgr puts there what
        it was working on when it was reloaded, and an earlier gate what it released last."""
        for file in self._spool.files("incoming"):
            if file.queue_id not in self._attempts and not _is_notice(self._spool, file):
                self._spool.move(file, "hold", now)

    async def _put_back(self, tokens: list[Token]) -> None:
        # Otherwise it is lost, as a token of which nobody is sure is never given back twice; and the others with it, as
        # asking a store that is away, or slow, for each of many takes minutes.
        began = self._steady()
        with contextlib.suppress(StoreUnavailable):
            for token in tokens:
                if self._steady() - began >= PUT_BACK_WITHIN:
                    break
                await asyncio.to_thread(self._ledger.put_back, token)


def _is_notice(spool: Spool, file: QueueFile) -> bool:
    try:
        envelope: Envelope | None = spool.envelope(file)
    except (QueueFileError, OSError):
        return False
    return envelope is not None and not envelope.sender
