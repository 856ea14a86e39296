"""DNS by dnspython: what was answered, with its time to live, and what was not answered at all."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.message
import dns.rdatatype
import dns.resolver

from warmlane.recipients.route import Asked, Records

LIFETIME = 5.0
"""Seconds for one question, all servers and repetitions together."""
TIMEOUT = 2.0
"""Seconds until a question is repeated."""
AT_ONCE = 200
"""Questions under way at the same time: what one recursive resolver takes without dropping."""
NO_SOA = 0.0
"""Seconds for a "no" without SOA, which RFC 2308 5 does not let be kept."""


class DnsServer:
    """Where a resolver stands: IP address and port."""

    def __init__(self, text: str) -> None:
        """`192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. Raises ValueError."""
        host, port = text, "53"
        if text.startswith("["):
            host, _, rest = text[1:].partition("]")
            port = rest.removeprefix(":") if rest else port
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
            raise ValueError(f"{text!r} has no port between 1 and 65535 after the colon")
        self.address, self.port = str(ipaddress.ip_address(host)), int(port)


class DnsLookup:
    """Asks the given servers, or this machine's. Raises dns.resolver.NoResolverConfiguration when it has none."""

    def __init__(
        self, servers: Sequence[DnsServer] = (), *, lifetime: float = LIFETIME, timeout: float = TIMEOUT
    ) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        if servers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(server.address, server.port) for server in servers
            ]
        self._resolver.lifetime, self._resolver.timeout = lifetime, timeout
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def mx(self, domain: str) -> Records:
        """The exchangers, best preference first; equal ones by name, so that the answer is always the same."""
        answer = await self._asked(domain, "MX")
        if isinstance(answer, Records):
            return answer
        pairs = sorted((record.preference, _plain(record.exchange)) for record in answer)
        return Records(Asked.FOUND, _ttl(answer), tuple(dict.fromkeys(exchange for _, exchange in pairs)))

    async def addresses(self, host: str) -> Records:
        """IPv4 addresses, or IPv6 where there are none."""
        four = await self._addresses(host, "A")
        if four.asked in (Asked.FOUND, Asked.NO_NAME):
            return four
        six = await self._addresses(host, "AAAA")
        if six.asked is Asked.FOUND:
            return six
        return four if four.asked is Asked.UNKNOWN else Records(six.asked, min(four.ttl, six.ttl), why=six.why)

    async def ipv4(self, host: str) -> Records:
        """A host's IPv4 addresses alone."""
        return await self._addresses(host, "A")

    async def texts(self, name: str) -> Records:
        """TXT records, each with its strings joined (RFC 7208 3.3); octets beyond ASCII are replaced."""
        answer = await self._asked(name, "TXT")
        if isinstance(answer, Records):
            return answer
        joined = (b"".join(record.strings).decode("ascii", "replace") for record in answer)
        return Records(Asked.FOUND, _ttl(answer), tuple(joined))

    async def names(self, address: ipaddress.IPv4Address) -> Records:
        """The names that an address points to (PTR)."""
        answer = await self._asked(address.reverse_pointer, "PTR")
        if isinstance(answer, Records):
            return answer
        return Records(Asked.FOUND, _ttl(answer), tuple(_plain(record.target) for record in answer))

    async def _addresses(self, host: str, kind: str) -> Records:
        answer = await self._asked(host, kind)
        if isinstance(answer, Records):
            return answer
        return Records(Asked.FOUND, _ttl(answer), tuple(record.address for record in answer))

    async def _asked(self, name: str, kind: str) -> dns.resolver.Answer | Records:
        """dnspython's answer, or why there is none."""
        async with self._at_once:
            try:
                return await self._resolver.resolve(f"{name}.", kind, search=False)
            except dns.resolver.NXDOMAIN as error:
                responses: dict[Any, dns.message.QueryMessage] = error.kwargs["responses"]
                return Records(Asked.NO_NAME, min((_negative_ttl(one) for one in responses.values()), default=NO_SOA))
            except dns.resolver.NoAnswer as error:
                return Records(Asked.NO_DATA, _negative_ttl(error.kwargs["response"]))
            except dns.exception.Timeout:
                return Records(Asked.UNKNOWN, 0, why="no answer in time.")
            except (dns.exception.DNSException, OSError, UnicodeError):
                return Records(Asked.UNKNOWN, 0, why="its name servers fail.")


def _plain(name: Any) -> str:
    """A host name in lower case without the final dot; `.` for the root. Odd octets stay escaped in ASCII."""
    text = str(name).lower()
    return text if text == "." else text.rstrip(".")


def _ttl(answer: dns.resolver.Answer) -> float:
    """Seconds, the least of the aliases on the way and the records."""
    return float(answer.chaining_result.minimum_ttl)


def _negative_ttl(response: dns.message.QueryMessage) -> float:
    """Seconds that a "no" holds: the lesser of the SOA's own TTL and its minimum field (RFC 2308 5)."""
    return min(
        (
            float(min(rrset.ttl, record.minimum))
            for rrset in response.authority
            if rrset.rdtype == dns.rdatatype.SOA
            for record in rrset
        ),
        default=NO_SOA,
    )
