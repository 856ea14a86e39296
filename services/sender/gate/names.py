"""DNS names of addresses and back, for the identity check."""

from __future__ import annotations

from ipaddress import IPv4Address

import dns.asyncresolver
import dns.exception
import dns.resolver
import dns.reversename

LIFETIME = 5.0
"""Seconds for one question, all servers and repetitions together."""


class DnsNames:
    """Asks the pod's own resolver. Nothing is kept here: what changed must be seen at the next look."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        """Raises dns.resolver.NoResolverConfiguration when the machine has none."""
        self._resolver = resolver or dns.asyncresolver.Resolver()
        self._resolver.lifetime = LIFETIME

    async def addresses(self, host: str) -> frozenset[IPv4Address] | None:
        """A records of a host; empty if it has none, None if DNS does not answer."""
        found = await self._asked(host, "A")
        return None if found is None else frozenset(IPv4Address(text) for text in found)

    async def names(self, address: IPv4Address) -> frozenset[str] | None:
        """PTR records of an address, lower case, without the final dot; None if DNS does not answer."""
        found = await self._asked(dns.reversename.from_address(str(address)).to_text(), "PTR")
        return None if found is None else frozenset(text.lower().rstrip(".") for text in found)

    async def _asked(self, name: str, kind: str) -> list[str] | None:
        try:
            answer = await self._resolver.resolve(name.rstrip(".") + ".", kind, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError):
            return None
        return [record.to_text() for record in answer]
