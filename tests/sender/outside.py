"""What stands around the sandboxed sender: a name server, a receiver, and stand-ins for the gate's two listeners."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import struct
import time
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

from services.sender.settings import ADMISSION, FROM_HEADER
from tests.sender.sandbox import DOMAIN, OUTSIDE, PASSWORD, RECEIVER_PORT, USERNAME

NOTHING_ASKED = 0x3FF
"""Milter protocol: every step that can be left out is."""


class NameServer(asyncio.DatagramProtocol):
    """Answers MX with `exchanges[domain]`, or mx.<domain>, and every A with the receiver's address."""

    def __init__(self, exchanges: dict[str, str]) -> None:
        self._exchanges = exchanges

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        asked = question.question[0]
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA | dns.flags.RA
        name = asked.name.to_text().rstrip(".").lower()
        if asked.rdtype == dns.rdatatype.MX and not name.startswith("mx."):
            host = self._exchanges.get(name, f"mx.{name}")
            answer.answer.append(dns.rrset.from_text(asked.name, 300, "IN", "MX", f"10 {host}."))
        elif asked.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(asked.name, 300, "IN", "A", OUTSIDE))
        self._transport.sendto(answer.to_wire(), peer)  # type: ignore[attr-defined]


@dataclass
class Receiver:
    """A mail server that answers by the local part: `…later` 451, `unknown` 550, `slow…` after `seconds`."""

    seconds: float = 0.0
    """How long it thinks about DATA."""
    attempts: list[tuple[float, str]] = field(default_factory=list)
    """Time and recipient of every RCPT."""
    delivered: list[str] = field(default_factory=list)
    open_now: int = 0
    most_open: int = 0
    offers: str = ""
    """An extension that it tells about, such as SMTPUTF8."""
    _server: asyncio.Server | None = None

    async def listens(self) -> None:
        """Takes connections."""
        self._server = await asyncio.start_server(self.talk, "127.0.0.1", RECEIVER_PORT)

    def refuses(self) -> None:
        """Takes no more of them."""
        assert self._server is not None
        self._server.close()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            writer.write(b"220 mx ESMTP\r\n")
            recipient = ""
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    recipient = line.decode().partition("<")[2].partition(">")[0]
                    self.attempts.append((time.time(), recipient))
                    if recipient.startswith("slow"):
                        await asyncio.sleep(self.seconds)
                    writer.write(self._verdict(recipient))
                elif verb == b"DATA" and recipient:
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    await asyncio.sleep(self.seconds)
                    self.delivered.append(recipient)
                    writer.write(b"250 2.0.0 taken\r\n")
                elif verb == b"EHLO" and self.offers:
                    writer.write(f"250-mx\r\n250 {self.offers}\r\n".encode())
                elif verb == b"QUIT":
                    writer.write(b"221 2.0.0 bye\r\n")
                    break
                else:
                    writer.write(b"250 2.0.0 ok\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open_now -= 1
            writer.close()

    def _verdict(self, recipient: str) -> bytes:
        if "later" in recipient:
            return b"451 4.7.1 try later\r\n"
        if recipient.startswith("unknown"):
            return b"550 5.1.1 nobody\r\n"
        return b"250 2.1.5 ok\r\n"


async def everyone_passes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Admission that has nothing to say."""
    try:
        while await reader.readuntil(b"\n\n"):
            writer.write(b"action=DUNNO\n\n")
    except (ConnectionError, asyncio.IncompleteReadError):
        writer.close()


async def every_header_passes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A milter that has nothing to say."""
    try:
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            command = (await reader.readexactly(length))[:1]
            if command == b"O":
                writer.write(struct.pack("!IcIII", 13, b"O", 6, 0, NOTHING_ASKED))
            elif command not in b"DAQ":
                writer.write(struct.pack("!Ic", 1, b"c"))
    except (ConnectionError, asyncio.IncompleteReadError):
        writer.close()


async def standing(receiver: Receiver, exchanges: dict[str, str]) -> list[asyncio.Server]:
    """Everything around the sender, listening."""
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(exchanges), local_addr=("127.0.0.1", 53)
    )
    await receiver.listens()
    return [
        await asyncio.start_server(everyone_passes, *ADMISSION),
        await asyncio.start_server(every_header_passes, *FROM_HEADER),
    ]


def submit(recipients: list[str], *options: str) -> None:
    """One message for each recipient, by one session of a producer; `options` of MAIL, such as SMTPUTF8."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP("127.0.0.1", 25, timeout=30) as session:
        session.starttls(context=context)
        session.login(USERNAME, PASSWORD)
        for recipient in recipients:
            message = f"From: news@{DOMAIN}\r\nSubject: x\r\n\r\nhello\r\n"
            session.sendmail(f"news@{DOMAIN}", [recipient], message, options)
