"""Admission of recipients: Postfix's policy delegation protocol (SMTPD_POLICY_README), asked at RCPT.

Only a verdict that says so lets a recipient through. Whatever else happens, a request that can't be read, an unknown
one, a store or DNS that does not answer in time, or an error of the gate's own, defers.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.sender.gate.backlog import Backlog
from services.sender.settings import ADMISSION
from warmlane.recipients.check import Checker
from warmlane.recipients.verdict import Kind, Reason, printable

DEADLINE = 8.0
"""Seconds for one decision; Postfix waits 10 (`services.sender.postfix.render`)."""
IDLE = 600.0
"""Seconds until a silent connection is closed; Postfix closes its own after 300 (smtpd_policy_service_max_idle)."""
CONNECTIONS = 200
"""At once; Postfix has one for each smtpd process, and there are far fewer of those."""
REQUEST_LENGTH = 16_384
"""Octets of a request; Postfix 3.7's has some 30 attributes, most of them short."""

PASS = "DUNNO"
"""Leaves the rest to Postfix's own restrictions; never OK, which would skip them."""
NOT_UNDERSTOOD = "451 4.3.0 The gate does not understand what it is asked; nothing passes unchecked."
TOO_LATE = "451 4.3.0 The gate has no answer in time; nothing passes unchecked."
FAILED = "451 4.3.0 The gate failed; nothing passes unchecked."
BUSY = "451 4.3.2 The gate is busy; nothing passes unchecked."
NOT_LOGGED_IN = "550 5.7.1 Log in first: only the campaign's producers submit here."

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 8.0)
"""Upper bounds of the latency histogram, seconds."""
UNREAD, EXPIRED, CRASHED, REFUSED_BUSY, ANONYMOUS, HOLD, BACKLOG = (
    "not-understood",
    "timeout",
    "error",
    "busy",
    "not-logged-in",
    "hold",
    "backlog",
)
REASONS = (*(reason.value for reason in Reason), UNREAD, EXPIRED, CRASHED, REFUSED_BUSY, ANONYMOUS, HOLD, BACKLOG)
"""Every reason that a decision can have, for metrics to begin with."""


@dataclass
class Latency:
    """A histogram of seconds: `counts[i]` decisions took at most `BUCKETS[i]`, the last entry longer ones."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0
    """Seconds, all decisions together."""

    def observe(self, seconds: float) -> None:
        """Counts one decision."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


@dataclass
class Decisions:
    """What was decided since the start."""

    by_reason: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    latency: Latency = field(default_factory=Latency)

    def count(self, reason: str, seconds: float) -> None:
        """Counts one decision."""
        self.by_reason[reason] += 1
        self.latency.observe(seconds)


class NotUnderstood(Exception):
    """What came is no request of the policy protocol."""


def parse(request: bytes) -> Mapping[str, str]:
    """The attributes of a request, without the empty line that ends it. Raises NotUnderstood.

    An attribute that stands twice is not understood: whom of the two Postfix will mail can't be known.
    """
    attributes: dict[str, str] = {}
    # An octet that is no UTF-8 stays one that no address may have; other attributes may hold what they like.
    text = request.decode(errors="surrogateescape")
    if "\0" in text or "\r" in text:
        raise NotUnderstood("a request with control characters")
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        if not name or not equals or name in attributes:
            raise NotUnderstood("a line that is no attribute, or an attribute that stands twice")
        attributes[name] = value
    if attributes.get("request") != "smtpd_access_policy" or attributes.get("protocol_state") != "RCPT":
        raise NotUnderstood("another request than that for a recipient")
    if "recipient" not in attributes or "sasl_username" not in attributes:
        raise NotUnderstood("a request without recipient or user name")
    return attributes


@dataclass
class Gatekeeper:
    """Decides on recipients, the cheap checks first: text, hold, backlog, suppression, DNS.

    `hold_stands` gives the hold's reason, or None. `clock` gives monotonic seconds.
    """

    checker: Checker
    hold_stands: Callable[[], str | None]
    backlog: Backlog
    decisions: Decisions = field(default_factory=Decisions)
    deadline: float = DEADLINE
    clock: Callable[[], float] = time.monotonic
    told: Callable[[str], None] = print
    """Takes a line on an error of the gate's own; no address is in it."""

    async def answer(self, request: bytes) -> tuple[str, bool]:
        """The action for a request, and whether the next one on the connection may be read. Never raises."""
        began = self.clock()
        goes_on = True
        try:
            async with asyncio.timeout(self.deadline):
                action, reason = await self._decided(parse(request))
        except NotUnderstood as error:
            self.told(f"gate: admission was asked {error}")
            action, reason, goes_on = NOT_UNDERSTOOD, UNREAD, False
        except TimeoutError:
            action, reason = TOO_LATE, EXPIRED
        except Exception as error:
            # The type only: a text may hold an address.
            self.told(f"gate: admission failed: {type(error).__name__}")
            action, reason = FAILED, CRASHED
        self.decisions.count(reason, self.clock() - began)
        return action, goes_on

    async def _decided(self, asked: Mapping[str, str]) -> tuple[str, str]:
        if not asked["sasl_username"]:
            return NOT_LOGGED_IN, ANONYMOUS
        found = self.checker.screen(asked["recipient"])
        if found.verdict is None:
            if (why := self.hold_stands()) is not None:
                return f"451 4.7.1 The campaign is on hold: {printable(why)}", HOLD
            if (full := self.backlog.full()) is not None:
                return f"451 4.3.1 The backlog is full: {full.text}", BACKLOG
        verdict = await self.checker.ask(found)
        if verdict.kind is not Kind.ACCEPT:
            return verdict.smtp, verdict.reason.value
        self.backlog.admitted(_declared(asked.get("size", "")))
        return PASS, verdict.reason.value


def _declared(size: str) -> int | None:
    """Octets that the producer has announced (RFC 1870); None where it has not."""
    return int(size) or None if size.isascii() and size.isdigit() and len(size) < 12 else None


async def serve(gatekeeper: Gatekeeper, address: tuple[str, int] = ADMISSION) -> asyncio.Server:
    """Starts to answer Postfix on an address. Raises OSError when it is taken."""
    open_now = Counter[str]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now["connections"] += 1
        try:
            if open_now["connections"] > CONNECTIONS:
                gatekeeper.decisions.count(REFUSED_BUSY, 0.0)
                await _say(writer, BUSY)
            else:
                await _conversation(gatekeeper, reader, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            # The other side has gone, or says nothing: there is nobody to answer.
            pass
        finally:
            open_now["connections"] -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    return await asyncio.start_server(connected, *address, limit=REQUEST_LENGTH, backlog=CONNECTIONS)


async def _conversation(gatekeeper: Gatekeeper, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    goes_on = True
    while goes_on:
        try:
            async with asyncio.timeout(IDLE):
                request = await reader.readuntil(b"\n\n")
        except asyncio.LimitOverrunError:
            # Answered as what it is; nothing after it can be trusted to begin a request.
            request = b""
        action, goes_on = await gatekeeper.answer(request.removesuffix(b"\n\n"))
        await _say(writer, action)


async def _say(writer: asyncio.StreamWriter, action: str) -> None:
    writer.write(f"action={action}\n\n".encode())
    await writer.drain()
