"""Whether this replica's mail leaves as its lane: the source address that the reflector sees, PTR and HELO name.

Nothing is delivered before that is proven, and a proof holds a little longer than a minute: an egress gateway that
goes missing, or comes late, closes the sender; it never sends from an address that is not its lane's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from warmlane.recipients.route import Asked, Records
from warmlane.reflection import LONGEST_LINE, ReflectionError, nonce, proven_source, question

SECONDS = 10.0
"""Time for one question to the reflector."""
PROVEN_EVERY = 60.0
"""Seconds between two proofs."""
PROOF_HOLDS = 90.0
"""Seconds after which a proof that was not renewed is none."""
RETRY = 5.0
"""Seconds until the next attempt while nothing is proven."""


class State(StrEnum):
    """What is known of the identity."""

    PROVEN = "proven"
    WRONG = "wrong"
    """Something else than the lane was seen."""
    UNKNOWN = "unknown"
    """The reflector or DNS did not answer, or not for long enough."""


@dataclass(frozen=True)
class Finding:
    """One look at the identity; `why` is empty when it is proven."""

    state: State
    why: str = ""


@dataclass(frozen=True)
class Lane:
    """What the replica must be seen as."""

    address: IPv4Address
    hostname: str
    """HELO name; the address' PTR, and a name that has the address."""


class Names(Protocol):
    """DNS as the check needs it: `warmlane.recipients.resolver.DnsLookup`. Nothing may be kept: what changed must be
    seen at the next look."""

    async def addresses(self, host: str) -> Records:
        """A host's addresses."""

    async def names(self, address: IPv4Address) -> Records:
        """An address' names."""


async def reflected(host: str, port: int, key: Ed25519PublicKey) -> IPv4Address:
    """The source address of a new connection. Raises ReflectionError, OSError and TimeoutError."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection(host, port, limit=LONGEST_LINE)
        try:
            once = nonce()
            writer.write(question(once))
            await writer.drain()
            return proven_source(key, once, await reader.readline())
        except ValueError as error:
            raise ReflectionError(f"the answer is too long: {error}") from None
        finally:
            writer.close()


async def look(lane: Lane, reflect: Callable[[], Awaitable[IPv4Address]], names: Names) -> Finding:
    """Compares what is seen with the lane. Never raises for what the world says."""
    try:
        source = await reflect()
    except ReflectionError as error:
        return Finding(State.WRONG, f"the reflector's answer proves nothing: {error}")
    except (OSError, TimeoutError) as error:
        return Finding(State.UNKNOWN, f"the reflector is not reached: {str(error) or 'no answer in time'}")
    if source != lane.address:
        return Finding(State.WRONG, f"mail would leave from {source}; the lane's address is {lane.address}")
    pointed, forward = await asyncio.gather(names.names(source), names.addresses(lane.hostname))
    if Asked.UNKNOWN in (pointed.asked, forward.asked):
        return Finding(State.UNKNOWN, f"DNS does not say what {source} and {lane.hostname} are")
    if set(pointed.values) != {lane.hostname}:
        shown = ", ".join(sorted(pointed.values)) or "nothing"
        return Finding(State.WRONG, f"the PTR of {source} says {shown}; HELO says {lane.hostname}")
    if str(source) not in forward.values:
        return Finding(State.WRONG, f"{lane.hostname} does not have the address {source}")
    return Finding(State.PROVEN)


class Identity:
    """The replica's identity over time."""

    def __init__(self, look: Callable[[], Awaitable[Finding]], clock: Callable[[], float] = time.monotonic) -> None:
        self._look, self._clock = look, clock
        self._proven_at: float | None = None
        self.finding = Finding(State.UNKNOWN, "not looked at yet")
        self._again = asyncio.Event()

    def state(self) -> State:
        """What holds now. A proof that is too old is none."""
        if self.finding.state is State.PROVEN and not self._fresh():
            return State.UNKNOWN
        return self.finding.state

    def changed(self) -> None:
        """Something that the identity depends on has changed: the old proof is none, and the next look is due."""
        self._proven_at = None
        self._again.set()

    async def follow(self) -> None:
        """Looks until it is cancelled: every minute, soon while nothing is proven, at once after a change."""
        while True:
            self._again.clear()
            started = self._clock()
            found = await self._look()
            if self._again.is_set():
                # What was asked before the change proves nothing after it.
                continue
            if found.state is State.PROVEN:
                self._proven_at = started
            if found.state is not State.UNKNOWN or not self._fresh():
                # One lost answer closes nothing as long as the last proof holds.
                self.finding = found
            try:
                async with asyncio.timeout(PROVEN_EVERY if found.state is State.PROVEN else RETRY):
                    await self._again.wait()
            except TimeoutError:
                continue

    def _fresh(self) -> bool:
        return self._proven_at is not None and self._clock() - self._proven_at <= PROOF_HOLDS
