"""The SMTP side of a mailbox provider: one session at a time it asks the provider's traffic, and writes down all."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections import Counter
from collections.abc import Callable, Mapping
from email.message import Message
from email.parser import BytesParser
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Client

from lab.receivers.receipts import Receipt, Refusal, Stage
from lab.receivers.traffic import Traffic
from lab.settings import MailboxProvider

SIZE_LIMIT = 32 * 1024 * 1024
"""Octets of the largest message that is taken."""
_NO_REPLY = ""
"""In place of a reply: the connection breaks off."""

Record = Callable[[Receipt | Refusal], None]


class Mx:
    """One provider's MX, as aiosmtpd's handler of all its sessions."""

    def __init__(self, name: str, provider: MailboxProvider, record: Record) -> None:
        self.name = name
        self.provider = provider
        self.traffic: Traffic
        self.context: ssl.SSLContext | None
        self._record = record
        self._admitted = set[Session]()
        self._by_source = Counter[str]()

    def play(self, traffic: Traffic, context: ssl.SSLContext | None) -> None:
        """Goes by this traffic from now on; new sessions offer STARTTLS where there is a context."""
        self.traffic = traffic
        self.context = context

    def session(self) -> Session:
        """The protocol of a new connection."""
        return Session(self)

    def admit(self, session: Session) -> str:
        """The greeting of a new session."""
        now = time.time()
        if not self.traffic.listens(now):
            # An outage began after the last look at the clock, or the kernel had taken the connection before.
            return _NO_REPLY
        refusal = self.traffic.greeting(session.source, self._by_source[session.source], now)
        if refusal is not None:
            return self.refuse(session, "connect", refusal)
        self._admitted.add(session)
        self._by_source[session.source] += 1
        return f"220 {self.provider.mx} Warmlane lab"

    def leave(self, session: Session) -> None:
        """A connection ended; told more than once, it counts once."""
        if session in self._admitted:
            self._admitted.remove(session)
            self._by_source[session.source] -= 1

    def break_off(self) -> None:
        """Cuts every open session."""
        for session in tuple(self._admitted):
            session.abort()

    async def handle_EHLO(
        self, server: Session, session: Client, envelope: Envelope, hostname: str, replies: list[str]
    ) -> list[str]:
        """An MX offers no AUTH, which aiosmtpd offers once there is TLS."""
        session.host_name = hostname
        return [reply for reply in replies if not reply.startswith("250-AUTH")]

    async def handle_RCPT(
        self, server: Session, session: Client, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes or refuses a recipient."""
        sender = envelope.mail_from or ""
        refusal = self.traffic.recipient(server.source, sender, address, time.time())
        if refusal is not None:
            return self.refuse(server, "rcpt", refusal, mail_from=sender, rcpt_to=[address])
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: Session, session: Client, envelope: Envelope) -> str:
        """Writes the receipt, and only then says 250: what is counted is what was taken."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        headers: Message = BytesParser().parsebytes(content, headersonly=True)
        now = time.time()
        told: dict[str, Any] = {
            "mail_from": envelope.mail_from or "",
            "rcpt_to": list(envelope.rcpt_tos),
            "message_id": str(headers.get("Message-ID", "")).strip(),
        }
        refusal = self.traffic.message(server.source, headers, now)
        if refusal is not None:
            return self.refuse(server, "data", refusal, **told)
        reply = _NO_REPLY if self.traffic.drops() else "250 2.0.0 Ok: taken"
        domain = envelope.rcpt_tos[0].rpartition("@")[2].lower()
        self._record(Receipt(domain=domain, size=len(content), reply=reply, **told, **self._about(server, now)))
        return reply

    def refuse(self, session: Session, stage: Stage, reply: str, **told: Any) -> str:
        """Writes a refusal down; `told` are fields of Refusal that the client has told by now."""
        self._record(Refusal(stage=stage, reply=reply, **told, **self._about(session, time.time())))
        return reply

    def _about(self, session: Session, now: float) -> Mapping[str, Any]:
        return {
            "time": now,
            "provider": self.name,
            "source": session.source,
            "session": session.id,
            "sessions": self._by_source[session.source],
            "helo": session.helo,
            "tls": session.tls,
        }


class Session(SMTP):
    """One connection. aiosmtpd makes its own session anew after STARTTLS, so what must last stands here."""

    def __init__(self, mx: Mx) -> None:
        super().__init__(
            mx,
            hostname=mx.provider.mx,
            data_size_limit=SIZE_LIMIT,
            tls_context=mx.context,
            loop=asyncio.get_running_loop(),
        )
        self._mx = mx
        self._greeted = False
        self._lines = list[str]()
        self.id = secrets.token_hex(8)
        self.source = ""

    @property
    def helo(self) -> str:
        """The client's EHLO or HELO name; empty before it."""
        return str(self.session.host_name or "") if self.session else ""

    @property
    def tls(self) -> str:
        """The version of TLS that the session speaks; empty without."""
        secured = self.transport.get_extra_info("ssl_object") if self.transport else None
        return str(secured.version()) if secured else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.source = str(transport.get_extra_info("peername")[0])
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._mx.leave(self)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        """Sends a reply: the first is the greeting, a tarpit delays each, none follows a 421."""
        if not self._greeted:
            self._greeted = True
            status = self._mx.admit(self)
        if status == _NO_REPLY:
            self.abort()
            return
        self._lines.append(status)
        if status[3:4] == "-":
            # The lines of one reply leave in one segment.
            return
        if self._mx.traffic.behaviour.tarpit:
            await asyncio.sleep(self._mx.traffic.behaviour.tarpit)
        reply = "\r\n".join(self._lines)
        self._lines.clear()
        await super().push(reply)
        if status.startswith("421") and self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Cuts the connection at once."""
        if self.transport is not None:
            self.transport.abort()
