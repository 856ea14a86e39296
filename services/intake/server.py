"""The intake's SMTP side: 250 only for what is on disk, 4xx for what must wait, 5xx for all that is not its."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Client

from services.intake.addresses import Refused, accepted
from services.intake.counts import Counts, Deferral, Refusal
from services.intake.settings import Keys, KeysUnavailable, Settings
from services.intake.spool import Spool, SpoolFull
from services.intake.traffic import Traffic

SECONDS = 120.0
"""For a command, and for a message as a whole: who sends slower is cut off."""
WRITERS = 8
"""Messages that are written to disk at once; the file system makes one flush of several."""
BUSY = "421 4.7.0 Too many connections; come back later"
FAST = "451 4.7.1 Too many messages; come back later"
FULL = "452 4.3.1 No room now; come back later"
AWAY = "451 4.3.0 Can't be taken now; come back later"


class Door:
    """What all connections share."""

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        spool: Spool,
        counts: Counts,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`context` offers STARTTLS."""
        self.settings, self.keys, self.spool, self.counts, self.context = settings, keys, spool, counts, context
        self.traffic = Traffic(settings.limits, clock)
        self._threads = ThreadPoolExecutor(WRITERS, "spool")

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Listens; port 0 picks a free one."""
        return await asyncio.get_running_loop().create_server(lambda: Session(self), host, port)

    def close(self) -> None:
        """Ends the threads; what is being written is waited for."""
        self._threads.shutdown()

    async def handle_EHLO(
        self, server: Session, session: Client, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        """Nobody logs in here; aiosmtpd would offer it once there is TLS."""
        session.host_name = hostname
        kept = [reply for reply in replies if not reply.startswith("250-AUTH")]
        return [*kept[:-1], "250-ENHANCEDSTATUSCODES", kept[-1]]

    async def handle_MAIL(
        self, server: Session, session: Client, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes any sender, the null sender too: who it is says nothing."""
        if not self.traffic.message(server.source):
            return self._defer(Deferral.RATE, FAST)
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(
        self, server: Session, session: Client, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes addresses of ours while there is room for what they bring."""
        try:
            found = accepted(address, self.settings.domains, self.keys())
            self.spool.check_room(for_people=not found)
        except Refused as refused:
            self.counts.refused(Refusal(refused.refusal.value))
            return str(refused)
        except KeysUnavailable:
            return self._defer(Deferral.KEYS, AWAY)
        except SpoolFull:
            return self._defer(Deferral.FULL, FULL)
        if envelope.rcpt_tos:
            # A report has one; whoever has several sends the others again, each by itself.
            return self._defer(Deferral.RECIPIENTS, "452 4.5.3 One recipient for each message")
        envelope.rcpt_tos.append(address)
        server.token = found
        return "250 2.1.5 Ok"

    async def take(self, session: Session, envelope: Envelope, content: bytes, size: int) -> str:
        """Answers for a message when it is on disk; `content` is what is kept of its `size` octets."""
        if size > self.settings.limits.message_octets:
            self.counts.refused(Refusal.SIZE)
            return f"552 5.3.4 A message has at most {self.settings.limits.message_octets} octets"
        about = {
            "received": datetime.now(UTC).isoformat(timespec="seconds"),
            "source": session.source,
            "mail_from": envelope.mail_from,
            "recipient": envelope.rcpt_tos[0],
            "size": size,
        }
        loop = asyncio.get_running_loop()
        try:
            name = await loop.run_in_executor(self._threads, self.spool.put, session.token, content, about)
        except OSError as error:
            print(f"intake: a message can't be written: {error}", flush=True)
            return self._defer(Deferral.DISK, AWAY)
        self.counts.taken()
        return f"250 2.0.0 Ok: {name}"

    def _defer(self, deferral: Deferral, reply: str) -> str:
        self.counts.deferred(deferral)
        return reply

    def admit(self, session: Session) -> str | None:
        """Why a connection may not stay; None for one that may."""
        return None if self.traffic.enter(session.source) else self._defer(Deferral.CONNECTIONS, BUSY)


class Session(SMTP):
    """One connection."""

    def __init__(self, door: Door) -> None:
        super().__init__(
            door,
            hostname=door.settings.hostname,
            ident="Warmlane intake",
            data_size_limit=door.settings.limits.message_octets,
            tls_context=door.context,
            timeout=SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self._door = door
        self._greeted = self._admitted = False
        self.source = ""
        self.token = ""
        """Of the recipient; empty when it is for people."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Also called once more when STARTTLS has secured the connection."""
        self.source = str((transport.get_extra_info("peername") or ("",))[0])
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._admitted:
            self._admitted = False
            self._door.traffic.leave(self.source)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        """Sends a reply, the first of which is the greeting or says that there is no place; none follows a 421."""
        if not self._greeted:
            self._greeted = True
            busy = self._door.admit(self)
            self._admitted = busy is None
            status = busy or status
        await super().push(status)
        if status.startswith("421") and self.transport is not None:
            self.transport.close()

    async def handle_exception(self, error: Exception) -> str:
        """What we did not expect is our fault, so the other side keeps its message."""
        print(f"intake: {type(error).__name__}: {error}", flush=True)
        return AWAY

    async def smtp_AUTH(self, arg: str) -> None:
        await self.push("502 5.5.1 Nobody logs in here")

    async def smtp_VRFY(self, arg: str) -> None:
        await self.push("502 5.5.1 Not told")

    async def smtp_DATA(self, arg: str) -> None:
        """Reads a message of any size in bounded memory; aiosmtpd would keep all of it, and an object for each line."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 DATA has no argument")
            return
        await self.push("354 End with a line that has a dot only")
        content, size = await self._message()
        reply = await self._door.take(self, self.envelope, content, size)
        self.envelope = self._create_envelope()
        await self.push(reply)

    async def _message(self) -> tuple[bytes, int]:
        """What is kept of a message, and its size in octets."""
        kept, size, begins = bytearray(), 0, True
        most = self._door.settings.limits.stored_octets
        while True:
            try:
                line, ends = await self._reader.readuntil(b"\r\n"), True
            except asyncio.LimitOverrunError as overrun:
                line, ends = await self._reader.read(overrun.consumed), False
            if begins and line == b".\r\n":
                return bytes(kept), size
            # RFC 5321, 4.5.2: the dot that was put before a line's own.
            line = line[1:] if begins and line.startswith(b".") else line
            kept += line[: max(0, most - len(kept))]
            size += len(line)
            begins = ends
