"""The suppression list of the store as the gate asks it: never blocking the loop, many questions in one query."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from services.store import suppressions
from services.store.database import reading
from services.store.suppression_keys import KEYS_FILE, parse_keys
from warmlane.recipients.address import Recipient, parse
from warmlane.recipients.hashing import KeyedHash, KeyRing
from warmlane.recipients.suppression import Suppressions, SuppressionUnavailable

QUERIES_AT_ONCE = 1
"""While one query is under way, the next is gathered; with two of them each asks for half as much, and the processor
spends a quarter more on a decision (seen)."""
QUESTIONS_WAITING = 10_000
"""Beyond these the list counts as unavailable: whoever asks has given up by the time that it would be answered."""
KEYS_LOOKED_AT_EVERY = 1.0
"""Seconds between two looks at the mounted keys."""


class MountedKeys:
    """The keys in the mounted file, read again when it changes, so that a rotation needs no restart."""

    def __init__(self, path: Path = KEYS_FILE, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._looked = -KEYS_LOOKED_AT_EVERY
        self._read: tuple[int, int] | None = None
        self._ring: KeyRing | None = None

    def readable(self, recipient: Recipient) -> tuple[KeyedHash, ...]:
        """Every hash under which something may be stored. Raises SuppressionUnavailable."""
        return self.ring().readable(recipient)

    def ring(self) -> KeyRing:
        """The keys as they are now.

        Raises SuppressionUnavailable when they can't be read, also when earlier ones could: a hash under a key that is
        no longer the right one finds nobody.
        """
        now = self._clock()
        if self._ring is None or now - self._looked >= KEYS_LOOKED_AT_EVERY:
            self._look()
            self._looked = now
        if self._ring is None:
            raise SuppressionUnavailable(f"{self._path} is not usable")
        return self._ring

    def _look(self) -> None:
        try:
            found = self._path.stat()
            state = (found.st_mtime_ns, found.st_ino)
            if state != self._read:
                self._ring = None
                self._ring = parse_keys(self._path.read_text())
                self._read = state
        except (OSError, ValueError) as error:
            self._ring, self._read = None, None
            raise SuppressionUnavailable(f"{self._path} can't be used: {error}") from error


@dataclass(eq=False)
class _Question:
    """The hashes of one recipient, and who waits for the answer."""

    hashes: Sequence[KeyedHash]
    answer: asyncio.Future[bool] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class StoredSuppressions:
    """The store's list for one campaign; `clock` gives seconds since 1970 UTC.

    A question goes out at once while a query is free, and with all that has gathered as soon as one is. So a quiet gate
    answers in one query's time, and a busy one makes few.
    """

    def __init__(self, engine: Engine, campaign: str, clock: Callable[[], float] = time.time) -> None:
        self._engine, self._campaign, self._clock = engine, campaign, clock
        self._threads = ThreadPoolExecutor(QUERIES_AT_ONCE, "suppressions")
        self._waiting = list[_Question]()
        self._under_way = 0

    async def holds(self, hashes: Sequence[KeyedHash]) -> bool:
        """Whether the recipient is suppressed under any of its hashes. Raises SuppressionUnavailable."""
        if len(self._waiting) >= QUESTIONS_WAITING:
            raise SuppressionUnavailable(f"{QUESTIONS_WAITING} questions wait for the store already")
        question = _Question(hashes)
        self._waiting.append(question)
        self._send()
        return await question.answer

    def close(self) -> None:
        """Ends the threads; a query under way is waited for."""
        self._threads.shutdown()

    def _send(self) -> None:
        while self._waiting and self._under_way < QUERIES_AT_ONCE:
            questions, self._waiting = _batch(self._waiting)
            if not questions:
                continue
            self._under_way += 1
            hashes = [one for question in questions for one in question.hashes]
            loop = asyncio.get_running_loop()
            try:
                asked = loop.run_in_executor(self._threads, self._asked, hashes)
            except RuntimeError as error:
                self._under_way -= 1
                _fail(questions, error)
                continue
            asked.add_done_callback(partial(self._answered, questions))

    def _asked(self, hashes: Sequence[KeyedHash]) -> set[KeyedHash]:
        with reading(self._engine) as connection:
            return suppressions.suppressed(connection, self._campaign, hashes, self._clock())

    def _answered(self, questions: Sequence[_Question], done: asyncio.Future[set[KeyedHash]]) -> None:
        self._under_way -= 1
        error = None if done.cancelled() else done.exception()
        if done.cancelled() or error is not None:
            _fail(questions, error)
        else:
            found = done.result()
            for question in questions:
                if not question.answer.done():
                    question.answer.set_result(not found.isdisjoint(question.hashes))
        self._send()


def _batch(waiting: list[_Question]) -> tuple[list[_Question], list[_Question]]:
    """The questions of the next query and the rest. Who gave up meanwhile is left out."""
    taken, hashes = list[_Question](), 0
    for position, question in enumerate(waiting):
        if question.answer.done():
            continue
        if taken and hashes + len(question.hashes) > suppressions.ASKED_AT_ONCE:
            return taken, waiting[position:]
        taken.append(question)
        hashes += len(question.hashes)
    return taken, []


def _fail(questions: Collection[_Question], error: BaseException | None) -> None:
    for question in questions:
        if not question.answer.done():
            question.answer.set_exception(SuppressionUnavailable(f"the suppression list can't be asked: {error}"))


@dataclass(frozen=True)
class Recipients:
    """Who is suppressed now, asked by address: for mail that was accepted and is about to leave."""

    keys: MountedKeys
    suppressions: Suppressions

    async def suppressed(self, address: str) -> bool:
        """Whether the recipient may not be mailed.

        Raises SuppressionUnavailable, and warmlane.recipients.address.MalformedAddress for what admission never takes.
        """
        return await self.suppressions.holds(self.keys.readable(parse(address)))
