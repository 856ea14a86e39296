"""A gatekeeper with DNS and suppressions by table, and a client that speaks to it as Postfix does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from services.sender.gate import admission
from services.sender.gate.admission import Gatekeeper
from services.sender.gate.backlog import Backlog
from services.sender.gate.today import Today
from warmlane.campaign import Plan
from warmlane.pacing.history import History
from warmlane.pacing.limits import WarmUp
from warmlane.recipients.check import Checker
from warmlane.recipients.hashing import HashKey, KeyedHash, KeyRing
from warmlane.recipients.route import Asked, Records
from warmlane.recipients.routes import MailRoutes
from warmlane.recipients.suppression import SuppressionUnavailable

KEYS = KeyRing(HashKey("k2", b"n" * 32), HashKey("k1", b"o" * 32))
DAY = 20_000
NOON = DAY * 86_400 + 43_200
WARM_UP = WarmUp(Plan.MODERATE, 1000, 0, DAY, (10, 20, 40))
TODAY = Today(DAY, WARM_UP, History(0, 0))


@dataclass
class World:
    """What the gate asks. `slow` seconds go by before the suppression list answers."""

    suppressed: set[KeyedHash] = field(default_factory=set)
    available: bool = True
    slow: float = 0.0
    hold: str | None = None
    queued: int = 0
    told: list[str] = field(default_factory=list)
    asked: int = 0

    async def mx(self, domain: str) -> Records:
        if domain.startswith("unknown"):
            return Records(Asked.UNKNOWN, 0, why="no answer in time.")
        return Records(Asked.NO_NAME, 60) if domain.startswith("gone") else Records(Asked.FOUND, 60, (f"mx.{domain}",))

    async def addresses(self, host: str) -> Records:
        return Records(Asked.FOUND, 60, ("192.0.2.25",))

    async def holds(self, hashes: Sequence[KeyedHash]) -> bool:
        self.asked += 1
        await asyncio.sleep(self.slow)
        if not self.available:
            raise SuppressionUnavailable
        return not self.suppressed.isdisjoint(hashes)

    def gatekeeper(self, **changes: Any) -> Gatekeeper:
        """A gatekeeper of this world at noon of the first day of its warm-up."""
        given: dict[str, Any] = {
            "checker": Checker(MailRoutes(self), KEYS, self),
            "hold_stands": lambda: self.hold,
            "backlog": Backlog(lambda: TODAY, lambda: self.queued, days=2, clock=lambda: NOON),
            "told": self.told.append,
        }
        return Gatekeeper(**given | changes)


def request(recipient: str, user: str = "spring-sale", **changes: str) -> bytes:
    """What Postfix asks at RCPT, as far as the gate reads it and somewhat beyond."""
    attributes = {
        "request": "smtpd_access_policy",
        "protocol_state": "RCPT",
        "protocol_name": "ESMTP",
        "client_address": "192.0.2.1",
        "helo_name": "producer.test",
        "queue_id": "",
        "sender": "news@spring-sale.test",
        "recipient": recipient,
        "recipient_count": "0",
        "sasl_method": "PLAIN",
        "sasl_username": user,
        "size": "1234",
    } | changes
    return "".join(f"{name}={value}\n" for name, value in attributes.items()).encode() + b"\n"


@dataclass
class Client:
    """A connection to the gate."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, octets: bytes) -> str:
        """The action that the gate answers to octets."""
        self.writer.write(octets)
        return await self.action()

    async def action(self) -> str:
        """The next action; an empty text when the gate has closed the connection."""
        line = (await self.reader.readline()).decode()
        if not line:
            return ""
        assert (await self.reader.readline()) == b"\n", "an answer ends with an empty line"
        return line.removeprefix("action=").removesuffix("\n")


@asynccontextmanager
async def connected(gatekeeper: Gatekeeper) -> Any:
    """A connection to a gatekeeper that serves on a free port."""
    server = await admission.serve(gatekeeper, ("127.0.0.1", 0))
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        server.close()


def answered(world: World, octets: bytes, **changes: Any) -> str:
    """The action for octets on a fresh connection."""

    async def run() -> str:
        async with connected(world.gatekeeper(**changes)) as client:
            return str(await client.ask(octets))

    return within(run)


def within(run: Callable[[], Awaitable[Any]], seconds: float = 10) -> Any:
    """Runs to the end, or fails: a gate that says nothing is no gate."""

    async def bounded() -> Any:
        async with asyncio.timeout(seconds):
            return await run()

    return asyncio.run(bounded())
