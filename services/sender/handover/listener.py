"""Takes what siblings hand over, on port 8026."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable

from services.sender.handover import wire
from services.sender.handover.landing import Landed, Landing, NoRoom
from services.sender.handover.sealing import LARGEST, KeyUnavailable, Unsealable, unseal
from services.sender.handover.tally import Tally

CONNECTIONS = 8
"""At once; further ones are told to come later."""
CHUNK = 64 * 1024


class Listener:
    """One campaign's. `key` gives the mounted key; `say` takes a line for the container's output."""

    def __init__(
        self, landing: Landing, campaign: str, key: Callable[[], bytes], tally: Tally, say: Callable[[str], None]
    ) -> None:
        self._landing, self._campaign, self._key, self._tally, self._say = landing, campaign, key, tally, say
        self._server: asyncio.Server | None = None
        self._talks = set[asyncio.Task[None]]()
        self._large = asyncio.Lock()
        self._refuses = ""
        self._complaint = ""

    async def listen(self, host: str, port: int) -> int:
        """Takes connections; returns the port. Raises OSError when it is taken."""
        self._server = await asyncio.start_server(self._talk, host, port, limit=CHUNK)
        return int(self._server.sockets[0].getsockname()[1])

    def refuse(self) -> None:
        """Takes nothing more, with an answer that says so."""
        self._refuses = "it is stopping itself"

    async def settled(self) -> None:
        """Returns when what was being taken is settled."""
        if self._talks:
            await asyncio.wait(self._talks)

    def close(self) -> None:
        """Ends the listener."""
        if self._server:
            self._server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._conversation(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            # Whoever hands over still has what was not answered.
            pass
        finally:
            self._talks.discard(task)
            writer.close()

    async def _conversation(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        why = self._refuses or ("too many at once" if len(self._talks) > CONNECTIONS else "")
        try:
            key = self._key()
        except KeyUnavailable as error:
            self._once(str(error))
            why = why or "no key"
        if why:
            await _answer(writer, wire.line(wire.NOT_NOW, why))
            return
        greeting = os.urandom(wire.GREETING_OCTETS)
        await _answer(writer, wire.line(wire.KEPT, greeting.hex()))
        number = 0
        while not self._refuses:
            head = await self._next(reader)
            if head is None:
                return
            (length,) = wire.LENGTH.unpack(head)
            if length > LARGEST:
                await _answer(writer, wire.line(wire.NEVER, f"{length} octets are too many: {LARGEST} are allowed"))
                return
            async with self._large if length > wire.LARGE else contextlib.nullcontext():
                code, text = await self._taken(await _read(reader, length), key, wire.place(greeting, number))
            await _answer(writer, wire.line(code, text))
            if code == wire.NEVER:
                return
            number += 1

    async def _next(self, reader: asyncio.StreamReader) -> bytes | None:
        """The length of the next message; None when the sibling has ended, or this pod is told to stop meanwhile."""
        reading = asyncio.ensure_future(reader.readexactly(wire.LENGTH.size))
        deadline = asyncio.get_running_loop().time() + wire.SECONDS
        while not reading.done() and not self._refuses and asyncio.get_running_loop().time() < deadline:
            await asyncio.wait({reading}, timeout=0.2)
        if not reading.done():
            reading.cancel()
            return None
        try:
            return reading.result()
        except asyncio.IncompleteReadError:
            return None

    async def _taken(self, sealed: bytearray, key: bytes, place: bytes) -> tuple[int, str]:
        try:
            parcel = unseal(sealed, key, self._campaign, place)
        except Unsealable as error:
            self._tally.refused += 1
            self._say(f"a handed over message was refused: {error}")
            return wire.NEVER, str(error)
        sealed.clear()
        try:
            landed = await asyncio.to_thread(self._landing.take, parcel)
        except (NoRoom, OSError) as error:
            self._once(f"a handed over message can't be kept now: {error}")
            return wire.NOT_NOW, str(error)
        self._tally.taken += landed is Landed.KEPT
        return wire.KEPT, landed.value

    def _once(self, text: str) -> None:
        if text != self._complaint:
            self._say(text)
        self._complaint = text


async def _read(reader: asyncio.StreamReader, length: int) -> bytearray:
    """Raises IncompleteReadError, TimeoutError."""
    whole = bytearray()
    async with asyncio.timeout(wire.SECONDS):
        while len(whole) < length:
            part = await reader.read(min(CHUNK, length - len(whole)))
            if not part:
                raise asyncio.IncompleteReadError(b"", length)
            whole += part
    return whole


async def _answer(writer: asyncio.StreamWriter, line: bytes) -> None:
    writer.write(line)
    async with asyncio.timeout(wire.SECONDS):
        await writer.drain()
