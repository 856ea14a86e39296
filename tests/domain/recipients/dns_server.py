"""A DNS server on loopback that answers what a test tells it, and counts what it was asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from warmlane.recipients.resolver import DnsServer

SOA = "ns.zone.test. hostmaster.zone.test. 1 3600 600 86400"
SILENCE = None
"""The server does not answer."""


@dataclass
class Says:
    """An answer: records as `(owner, TTL, type, value)`, and for a "no" the SOA's TTL and minimum, or none."""

    records: tuple[tuple[str, int, str, str], ...] = ()
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    soa: tuple[int, int] | None = (300, 60)


NO_NAME = Says(rcode=dns.rcode.NXDOMAIN)
SERVFAIL = Says(rcode=dns.rcode.SERVFAIL, soa=None)


@dataclass
class Zone(asyncio.DatagramProtocol):
    """The server. A name that it does not know does not exist; a type that a name does not have is NODATA."""

    answers: Mapping[str, Mapping[str, Says | None]]
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        name = str(query.question[0].name).rstrip(".").lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked[name, kind] += 1
        known = self.answers.get(name)
        says = NO_NAME if known is None else known.get(kind, known.get("*", Says()))
        if says is SILENCE:
            return
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        reply.set_rcode(says.rcode)
        for owner, ttl, type_, value in says.records:
            reply.answer.append(dns.rrset.from_text(owner, ttl, "IN", type_, value))
        if says.soa and not any(type_ == kind for _, _, type_, _ in says.records):
            ttl, minimum = says.soa
            reply.authority.append(dns.rrset.from_text("test.", ttl, "IN", "SOA", f"{SOA} {minimum}"))
        self.transport.sendto(reply.to_wire(), peer)


@asynccontextmanager
async def serving(answers: Mapping[str, Mapping[str, Says | None]]) -> AsyncIterator[tuple[Zone, DnsServer]]:
    """The server and where it listens."""
    loop = asyncio.get_running_loop()
    transport, zone = await loop.create_datagram_endpoint(lambda: Zone(answers), local_addr=("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        yield zone, DnsServer(f"127.0.0.1:{port}")
    finally:
        transport.close()


def mx(domain: str, *exchanges: str, ttl: int = 300) -> Says:
    """MX records `preference host`, in the order of the answer."""
    return Says(tuple((f"{domain}.", ttl, "MX", exchange) for exchange in exchanges))


def a(host: str, address: str = "192.0.2.25", ttl: int = 300) -> Says:
    """One IPv4 address."""
    return Says(((f"{host}.", ttl, "A", address),))
