"""A spool of hand-made queue files, a clock that is set and a store in memory, for tests of the release of mail."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from services.sender.gate.counts import Counts
from services.sender.gate.deliverer import Deliverer
from services.sender.gate.ledger import Ledger
from services.sender.gate.log_lines import Delivery, Event, Outcome
from services.sender.gate.spool import Spool
from services.sender.gate.waiting import Waiting
from services.store.pacer import Token
from warmlane.campaign import Plan
from warmlane.hold import Span, ended, standing_seconds
from warmlane.pacing.caps import Caps
from warmlane.pacing.history import History
from warmlane.pacing.limits import Restraint, WarmUp
from warmlane.pacing.moments import Moment, moment
from warmlane.recipients.suppression import SuppressionUnavailable

NOW = 1_795_546_000.0
DAY = int(NOW // 86_400)
HELD = Restraint(allowance=None, hold_stands=True)
FREE = Restraint(allowance=None)
WARM_UP = WarmUp(Plan.MODERATE, 1_000, 0, DAY, (50,))
QUEUES = ("hold", "incoming", "active", "deferred", "defer")


def record(kind: bytes, data: bytes) -> bytes:
    """A record as Postfix writes it."""
    length, octets = len(data), bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        octets.append(low | (0x80 if length else 0))
        if not length:
            return kind + bytes(octets) + data


def queue_file(*recipients: str, sender: str = "news@spring-sale.test", arrived: float = NOW) -> bytes:
    """A queue file of Postfix 3.7 as cleanup(8) leaves it."""
    whole, fraction = divmod(int(arrived * 1_000_000), 1_000_000)
    size = b" ".join(b"%15d" % number for number in (300, 600, len(recipients), 0, 300, 0))
    records = [record(b"C", size), record(b"T", b"%d %d" % (whole, fraction)), record(b"A", b"rewrite_context=remote")]
    records += [record(b"S", sender.encode()), record(b"A", b"sasl_username=spring-sale")]
    for recipient in recipients:
        records += [record(b"O", recipient.encode()), record(b"R", recipient.encode())]
    records += [record(b"p", b"%15d" % 0), record(b"M", b""), record(b"N", b"Subject: x"), record(b"E", b"")]
    return b"".join(records)


@dataclass
class FakeLedger:
    """The store as the deliverer sees it: `tokens` left, an error to raise while it is away."""

    world: World
    tokens: int = 1_000
    sessions: int = 10
    error: Exception | None = None
    put_backs: list[Token] = field(default_factory=list)
    booked: list[tuple[int, int]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    behind: float = 0.0
    asked_back: int = 0
    slow: float = 0.0
    """Seconds that a token takes to come or to go back."""

    def now(self) -> float:
        self._answer()
        return self.world.now - self.behind

    def moment(self) -> Moment:
        return moment(self.world.now)

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error

    def history(self, day: int) -> History:
        self._answer()
        return History(0, 0)

    def take(self, provider: str, caps: Caps) -> Token | None:
        self._answer()
        self.world.steady += self.slow
        if self.tokens == 0 or min(caps.lane, caps.provider) < 1:
            return None
        self.tokens -= 1
        self.taken.append(provider)
        return Token(provider, self.moment().day, self.moment().hour)

    def put_back(self, token: Token) -> None:
        self.asked_back += 1
        self._answer()
        self.world.steady += self.slow
        self.tokens += 1
        self.put_backs.append(token)

    def delivered(self, day: int, messages: int) -> None:
        self._answer()
        self.booked.append((day, messages))

    def share(self, provider: str, cap: int, open_now: int, wanted: int) -> int:
        self._answer()
        return self.sessions

    def give_up(self, provider: str) -> None:
        self._answer()
        self.dropped.append(provider)

    def close(self, providers: Iterable[str]) -> None:
        self._answer()
        self.dropped = list(providers)


class World:
    """The deliverer among all these."""

    def __init__(self, root: Path) -> None:
        for queue in QUEUES:
            (root / queue).mkdir()
        self.root, self.now, self.steady = root, NOW, 1_000.0
        self.restraint = Restraint(allowance=None)
        self.stood: tuple[Span, ...] = ()
        self.suppressed: set[str] = set()
        self.list_answers = True
        self.list_asked: Callable[[], None] = lambda: None
        """Called when the suppression list is asked."""
        self.unproven = ""
        self.said: list[str] = []
        self.ledger = FakeLedger(self)
        self.providers = {"gmail.test": "gmail", "yahoo.test": "yahoo", "unknown.test": None}
        self.spool = Spool(root)
        self.counts = Counts()
        self.begin()

    def begin(self) -> None:
        """A gate that has just started."""
        self.waiting = Waiting(self.spool, lambda domain: self.providers.get(domain, "other"))
        ledger: Ledger = self.ledger  # type: ignore[assignment]
        self.deliverer = Deliverer(
            self.spool,
            self.waiting,
            ledger,
            WARM_UP,
            self.counts,
            restraint=lambda: self.restraint,
            stood=lambda start, end: standing_seconds(self.stood, start, end),
            suppressed=self._suppressed,
            unproven=lambda: self.unproven,
            say=self.said.append,
            clock=lambda: self.now,
            steady=lambda: self.steady,
        )

    async def _suppressed(self, address: str) -> bool:
        self.list_asked()
        if not self.list_answers:
            raise SuppressionUnavailable("the list does not answer")
        return address in self.suppressed

    def add(
        self, queue_id: str, *recipients: str, queue: str = "hold", arrived: float | None = None, mode: int = 0o700
    ) -> Path:
        """Puts a message into a queue."""
        at = self.now if arrived is None else arrived
        path = self.root / queue / queue_id
        path.write_bytes(queue_file(*recipients, arrived=at))
        path.chmod(mode)
        os.utime(path, (at, at))
        return path

    def queue(self, name: str) -> list[str]:
        """The ids in a queue."""
        return sorted(path.name for path in (self.root / name).iterdir())

    def step(self, *events: Event, after: float = 0.0) -> None:
        """Some seconds later the gate reads these events and looks at everything once."""
        self.now += after
        self.steady += after
        for event in events:
            self.counts.add(event)
            self.deliverer.note(event)
        asyncio.run(self.deliverer.step())

    def held(self, days: float) -> None:
        """A hold stands for some days and is released."""
        before = self.now
        self.restraint = HELD
        self.step()
        self.step(after=days * 86_400)
        self.restraint = FREE
        self.stood = ended(self.stood, datetime.fromtimestamp(before, UTC), datetime.fromtimestamp(self.now, UTC))

    def ends(self, queue_id: str, queue: str | None, stamp: float = 0.0) -> None:
        """Postfix has tried a message: it is removed, or lies in `queue` with a stamp so far ahead."""
        found = next(self.root / name / queue_id for name in ("incoming", "active") if queue_id in self.queue(name))
        if queue is None:
            found.unlink()
            return
        os.utime(found, (self.now + stamp, self.now + stamp))
        found.rename(self.root / queue / queue_id)


def delivery(queue_id: str, outcome: Outcome, relay: str | None = "mx.alder.test") -> Delivery:
    """How a try to deliver ended."""
    return Delivery(queue_id, outcome, "alder.test", relay)
