"""Routes of domains, remembered as long as DNS allows."""

from __future__ import annotations

import time
from collections.abc import Callable

from warmlane.recipients.cache import TtlCache
from warmlane.recipients.route import Asked, Lookup, Records, Route, routed

DOMAINS_KEPT = 100_000
HOSTS_KEPT = 50_000
SHORTEST, LONGEST = 30.0, 86_400.0
"""Seconds. The floor keeps a list with one domain from asking anew for each row where a zone says 0."""
LONGEST_NO = 10_800.0
"""Seconds that a "no" is kept at most (RFC 2308 5: one to three hours)."""
UNKNOWN_KEPT = 30.0
"""Seconds that a failure is kept (RFC 2308 7 allows 5 minutes, RFC 9520 3.2 wants at least 1 s)."""


class MailRoutes:
    """The routes of domains by a lookup, with bounded caches for domains and for the hosts that they share."""

    def __init__(
        self, lookup: Lookup, *, clock: Callable[[], float] = time.monotonic, domains_kept: int = DOMAINS_KEPT
    ) -> None:
        self._routes = TtlCache[Route](domains_kept, clock)
        self._remembering = _HostsRemembered(lookup, TtlCache[Records](min(domains_kept, HOSTS_KEPT), clock))

    def known(self, domain: str) -> Route | None:
        """The route, if it is known without asking."""
        return self._routes.known(domain)

    async def route(self, domain: str) -> Route:
        """The route of a domain (IDNA, lower case). Never raises: what DNS does not say is UNKNOWN."""
        return await self._routes.get(domain, lambda: routed(domain, self._remembering))


class _HostsRemembered:
    """A lookup that asks once for the addresses of a host that serves many domains."""

    def __init__(self, lookup: Lookup, hosts: TtlCache[Records]) -> None:
        self._lookup, self._hosts = lookup, hosts

    async def mx(self, domain: str) -> Records:
        return _bounded(await self._lookup.mx(domain))

    async def addresses(self, host: str) -> Records:
        async def ask() -> tuple[Records, float]:
            found = _bounded(await self._lookup.addresses(host))
            return found, found.ttl

        return await self._hosts.get(host, ask)


def _bounded(found: Records) -> Records:
    if found.asked is Asked.UNKNOWN:
        return Records(found.asked, UNKNOWN_KEPT, found.values, found.why)
    longest = LONGEST if found.asked is Asked.FOUND else LONGEST_NO
    return Records(found.asked, min(max(found.ttl, SHORTEST), longest), found.values, found.why)
