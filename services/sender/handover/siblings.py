"""Gives one message after the other to a ready pod of the same campaign."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.sender.handover import wire
from services.sender.handover.sealing import KeyUnavailable, Parcel, seal
from warmlane import names

CONNECT_SECONDS = 3.0
RESOLVED_EVERY = 2.0
"""Seconds for which the addresses of ready pods stand."""

Address = tuple[str, int]
Resolve = Callable[[], Awaitable[list[Address]]]


class NobodyTakes(Exception):
    """No sibling takes the message now; `str()` says why."""


async def ready_pods(campaign: str) -> list[Address]:
    """Where the campaign's ready pods take mail; empty when there is none, or DNS does not answer."""
    loop = asyncio.get_running_loop()
    host = names.siblings_host(campaign)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, names.SIBLINGS_PORT, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return []
    return sorted({(str(address[0]), int(address[1])) for *_, address in found})


@dataclass
class _Connection:
    address: Address
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    greeting: bytes
    number: int = 0


@dataclass
class Siblings:
    """The campaign's other pods, shared by several ways to them.

    A message whose answer was lost may lie at that sibling: it goes there again, which is recognised, as long as the
    sibling is listed as ready, and to no other.
    """

    campaign: str
    resolve: Resolve
    key: Callable[[], bytes]
    doubt: dict[str, Address] = field(default_factory=dict)
    _addresses: list[Address] = field(default_factory=list)
    _resolved: float | None = None
    _resolving: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def addresses(self) -> list[Address]:
        """Ready pods, as they were at most RESOLVED_EVERY seconds ago."""
        async with self._resolving:
            now = asyncio.get_running_loop().time()
            if self._resolved is None or now - self._resolved >= RESOLVED_EVERY:
                self._addresses, self._resolved = await self.resolve(), asyncio.get_running_loop().time()
            return self._addresses


class Way:
    """One connection at a time to one of the siblings; `start` tells which is asked first."""

    def __init__(self, siblings: Siblings, start: int = 0) -> None:
        self._siblings, self._start = siblings, start
        self._connection: _Connection | None = None

    async def give(self, parcel: Parcel) -> None:
        """Returns when a sibling has the message on disk. Raises NobodyTakes, ValueError for what nobody may take."""
        addresses = await self._siblings.addresses()
        doubtful = self._siblings.doubt.get(parcel.queue_id)
        if doubtful in addresses:
            addresses = [doubtful]
        elif self._connection and self._connection.address in addresses:
            addresses = [self._connection.address, *(a for a in addresses if a != self._connection.address)]
        else:
            first = self._start % len(addresses) if addresses else 0
            addresses = [*addresses[first:], *addresses[:first]]
        why = "no other pod of the campaign is ready"
        for address in addresses:
            try:
                await self._give(parcel, address)
            except NobodyTakes as error:
                why = str(error)
            else:
                self._siblings.doubt.pop(parcel.queue_id, None)
                return
        raise NobodyTakes(why)

    def close(self) -> None:
        """Ends the connection."""
        if self._connection:
            self._connection.writer.close()
            self._connection = None

    async def _give(self, parcel: Parcel, address: Address) -> None:
        connection = await self._to(address)
        try:
            key = self._siblings.key()
        except KeyUnavailable as error:
            raise NobodyTakes(str(error)) from None
        place = wire.place(connection.greeting, connection.number)
        head, body = seal(parcel, key, self._siblings.campaign, place)
        self._siblings.doubt[parcel.queue_id] = address
        try:
            async with asyncio.timeout(2 * wire.SECONDS):
                connection.writer.write(wire.LENGTH.pack(len(head) + len(body)) + head)
                connection.writer.write(body)
                await connection.writer.drain()
                code, text = wire.parsed(await connection.reader.readline())
        except (OSError, TimeoutError, ValueError) as error:
            self.close()
            raise NobodyTakes(f"{address[0]} did not answer: {error or type(error).__name__}") from None
        connection.number += 1
        if code == wire.KEPT:
            return
        self._siblings.doubt.pop(parcel.queue_id, None)
        self.close()
        raise NobodyTakes(f"{address[0]} answers {code}: {text}")

    async def _to(self, address: Address) -> _Connection:
        if self._connection and self._connection.address == address:
            return self._connection
        self.close()
        writer = None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(*address)
                code, text = wire.parsed(await reader.readline())
                if code != wire.KEPT:
                    raise NobodyTakes(f"{address[0]} answers {code}: {text}")
                greeting = bytes.fromhex(text)
        except (OSError, TimeoutError, ValueError, NobodyTakes) as error:
            if writer:
                with contextlib.suppress(OSError):
                    writer.close()
            if isinstance(error, NobodyTakes):
                raise
            raise NobodyTakes(f"{address[0]} can't be reached: {error or type(error).__name__}") from None
        self._connection = _Connection(address, reader, writer, greeting)
        return self._connection
