"""One look at the DNS of lanes and sending domains: reverse names, SPF, DKIM, DMARC."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Protocol

from warmlane.recipients.route import Records
from warmlane.reputation import published
from warmlane.reputation.config import Watched, WatchedLane
from warmlane.reputation.published import Agreement, Published

AT_ONCE = 8
"""Lanes and domains that are looked at at the same time."""


class Names(Protocol):
    """DNS as the look needs it: `warmlane.recipients.resolver.DnsLookup`."""

    async def ipv4(self, host: str) -> Records:
        """A name's A records."""

    async def names(self, address: IPv4Address) -> Records:
        """An address' PTR records."""

    async def texts(self, name: str) -> Records:
        """A name's TXT records."""


class DnsRecords:
    """What the last look found."""

    def __init__(self, lookup: Names, clock: Callable[[], float] = time.time) -> None:
        self._lookup, self._clock = lookup, clock
        self.lanes = dict[str, Agreement]()
        self.domains = dict[str, dict[str, Published]]()
        """By domain and mechanism: `spf`, `dmarc`, `dkim` where selectors are configured."""
        self.looked: float | None = None

    async def look(self, watched: Watched) -> None:
        """Asks everything anew."""
        at_once = asyncio.Semaphore(AT_ONCE)

        async def lane(watched_lane: WatchedLane) -> Agreement:
            async with at_once:
                return await self._lane(watched_lane)

        async def domain(name: str) -> dict[str, Published]:
            async with at_once:
                return await self._domain(name, watched.ask.dkim_selectors)

        domains = sorted(set(watched.domains.values()))
        lanes = await asyncio.gather(*map(lane, watched.lanes.values()))
        found = await asyncio.gather(*map(domain, domains))
        self.lanes = dict(zip(watched.lanes, lanes, strict=True))
        self.domains = dict(zip(domains, found, strict=True))
        self.looked = self._clock()

    async def _lane(self, lane: WatchedLane) -> Agreement:
        pointers, forward = await asyncio.gather(self._lookup.names(lane.address), self._lookup.ipv4(lane.hostname))
        return published.agreement(lane.address, lane.hostname, pointers, forward)

    async def _domain(self, domain: str, selectors: list[str]) -> dict[str, Published]:
        found = {"spf": published.spf(await self._lookup.texts(domain)), "dmarc": Published.MISSING}
        for name in published.dmarc_names(domain):
            found["dmarc"] = published.dmarc(await self._lookup.texts(name))
            if found["dmarc"] is not Published.MISSING:
                break
        if selectors:
            keys = [
                published.dkim(await self._lookup.texts(f"{selector}._domainkey.{domain}")) for selector in selectors
            ]
            worst = (Published.MISSING, Published.INVALID, Published.UNKNOWN, Published.PRESENT)
            found["dkim"] = min(keys, key=worst.index)
        return found
