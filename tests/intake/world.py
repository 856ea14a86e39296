"""An intake in a thread of its own, on loopback, with its spool in a directory and a store behind its worker."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, select

from services.intake.counts import Counts, Outcome
from services.intake.server import Door
from services.intake.settings import Keys, Limits, Settings
from services.intake.spool import Spool
from services.intake.worker import Worker
from services.store.database import transaction
from services.store.returns import Issued, Mailed, issue
from services.store.suppressions import suppressed
from services.store.tables import ReturnCount
from tests.returns.samples import KEYS
from warmlane.recipients.hashing import KeyedHash
from warmlane.returns import token

NOW = 1_800_000_000
DAY = 20_000
DOMAIN = "bounces.news.example"
SETTINGS = Settings(hostname="intake.news.example", domains=(DOMAIN, "bounces.shop.example"))


def numbered(number: int) -> bytes:
    """The id of a numbered message."""
    return number.to_bytes(token.ID_LENGTH, "little")


def token_of(number: int) -> str:
    """Its return token."""
    return token.signed(KEYS, numbered(number))


def recipient(number: int) -> KeyedHash:
    """Its recipient's hash."""
    return KeyedHash("2026", f"{number:064x}")


def mail(engine: Engine, numbers: Sequence[int], mailed: Mailed | None = None, sent: int = NOW) -> None:
    """Numbered messages were sent, by default by `receipts` from amber to gmail."""
    about = mailed or Mailed("receipts", "amber", "gmail", DAY)
    with transaction(engine) as connection:
        issue(connection, [Issued(numbered(number), about, recipient(number), sent) for number in numbers])


def of(message: bytes, number: int) -> bytes:
    """A sample report, with a numbered message's token in place of the sample's."""
    return message.replace(token.signed(KEYS, b"fourteen bytes").encode(), token_of(number).encode())


@dataclass
class Desk:
    """A spool, and who works it off."""

    root: Path
    engine: Engine
    now: float = NOW
    counts: Counts = field(default_factory=Counts)
    spool: Spool = field(init=False)
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A process starts, with what another may have left."""
        self.spool = Spool(self.root, 10**8)
        self.worker = Worker(self.spool, self.engine, lambda: KEYS, self.counts, lambda: self.now)

    def outcomes(self) -> Mapping[str, int]:
        """What became of reports, without what never happened."""
        return {outcome.value: count for outcome, count in self.counts.copy()[3].items() if count}

    def put(self, message: bytes, token: str = "") -> str:
        """A report is in the spool."""
        return self.spool.put(token, message, {})

    def work(self, message: bytes, number: int | None = None) -> str:
        """What becomes of a report that came to a numbered message's return address, or to people's."""
        before = self.counts.copy()[3]
        self.put(message, token_of(number) if number is not None else "")
        assert self.worker.look(), self.worker.trouble
        after = self.counts.copy()[3]
        return next(outcome.value for outcome in Outcome if after[outcome] > before[outcome])

    def booked(self) -> list[tuple[object, ...]]:
        """The store's figures: campaign, lane, provider, day, kind, class, count."""
        with transaction(self.engine) as connection:
            return sorted(tuple(row) for row in connection.execute(select(ReturnCount.__table__)))

    def suppressed(self, numbers: Sequence[int], campaign: str = "newsletter") -> set[int]:
        """Which of the numbered messages' recipients a campaign may not mail."""
        with transaction(self.engine) as connection:
            found = suppressed(connection, campaign, [recipient(number) for number in numbers], self.now)
        return {int(each.digest, 16) for each in found}


@dataclass
class Served:
    """A door that is open."""

    door: Door
    port: int
    counts: Counts
    spool: Spool

    def client(self, source: str = "127.0.0.1") -> smtplib.SMTP:
        """A connection from a source on loopback."""
        return smtplib.SMTP("127.0.0.1", self.port, "mx.mailbox.example", 10, (source, 0))

    def refused(self) -> Mapping[str, int]:
        """Refusals by reason, without what never happened."""
        return {reason.value: count for reason, count in self.counts.copy()[1].items() if count}

    def deferred(self) -> Mapping[str, int]:
        """Deferrals by reason, without what never happened."""
        return {reason.value: count for reason, count in self.counts.copy()[2].items() if count}


@contextmanager
def served(
    root: Path,
    *,
    limits: Limits | None = None,
    keys: Keys = lambda: KEYS,
    context: ssl.SSLContext | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Served]:
    """An open door, closed at the end."""
    settings = SETTINGS.model_copy(update={"limits": limits or Limits()})
    counts, spool = Counts(), Spool(root, settings.limits.spool_octets)
    door = Door(settings, keys, spool, counts, context, clock)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(door.serve("127.0.0.1", 0), loop).result(10)
    try:
        yield Served(door, server.sockets[0].getsockname()[1], counts, spool)
    finally:
        asyncio.run_coroutine_threadsafe(_closed(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        door.close()


async def _closed(server: asyncio.Server) -> None:
    server.close()
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
