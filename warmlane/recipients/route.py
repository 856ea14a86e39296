"""Where a domain's mail goes, told from DNS. "No" and "don't know" are different answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from warmlane.recipients.parking import all_parked, is_parking_host, leads_nowhere

HOSTS_ASKED = 3
"""Exchangers whose addresses are asked for before the domain is given up: as many as a sender tries in one attempt."""


class Asked(StrEnum):
    """How a question to DNS ended."""

    FOUND = "found"
    NO_DATA = "no-data"
    """The name exists and has no such record."""
    NO_NAME = "no-name"
    """The name does not exist (NXDOMAIN)."""
    UNKNOWN = "unknown"
    """SERVFAIL, timeout, refusal, nonsense: nobody has said no."""


@dataclass(frozen=True, slots=True)
class Records:
    """DNS' answer: `values` are exchangers by preference (`.` = the root) or addresses; `ttl` in seconds."""

    asked: Asked
    ttl: float
    values: tuple[str, ...] = ()
    why: str = ""


class Lookup(Protocol):
    """Questions to DNS. Neither raises: what goes wrong is UNKNOWN."""

    async def mx(self, domain: str) -> Records:
        """The domain's exchangers, best preference first, in lower case without the final dot."""

    async def addresses(self, host: str) -> Records:
        """The host's IP addresses, of whichever family it has."""


class Taking(StrEnum):
    """Whether a domain takes mail."""

    YES = "yes"
    NO_DOMAIN = "no-domain"
    NO_HOST = "no-host"
    NULL_MX = "null-mx"
    PARKED = "parked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Route:
    """A domain's answer: its exchangers by preference, and in `why` a sentence for every answer but YES."""

    taking: Taking
    exchanges: tuple[str, ...] = ()
    why: str = ""


async def routed(domain: str, lookup: Lookup) -> tuple[Route, float]:
    """The route of a domain (IDNA, lower case) and for how many seconds it holds (RFC 5321 5.1, RFC 7505)."""
    found = await lookup.mx(domain)
    match found.asked:
        case Asked.UNKNOWN:
            return Route(Taking.UNKNOWN, why=found.why), found.ttl
        case Asked.NO_NAME:
            return Route(Taking.NO_DOMAIN, why="it is not in DNS."), found.ttl
        case Asked.NO_DATA:
            # RFC 5321 5.1: a domain without MX is its own exchanger.
            return await _hosted((domain,), found.ttl, lookup, "it has neither MX nor address.")
        case Asked.FOUND:
            pass
    if found.values == (".",):
        return Route(Taking.NULL_MX, why="its only MX is the root."), found.ttl
    exchanges = tuple(value for value in found.values if value != ".")
    if all_parked(exchanges):
        return Route(Taking.PARKED, exchanges, f"its mail goes to {exchanges[0]}."), found.ttl
    return await _hosted(exchanges, found.ttl, lookup, "no MX of it has an address.")


async def _hosted(exchanges: tuple[str, ...], ttl: float, lookup: Lookup, otherwise: str) -> tuple[Route, float]:
    """The route over exchangers, of which one must have an address that leads somewhere."""
    nowhere, unknown = "", ""
    for host in [host for host in exchanges if not is_parking_host(host)][:HOSTS_ASKED]:
        found = await lookup.addresses(host)
        ttl = min(ttl, found.ttl)
        if found.asked is Asked.UNKNOWN:
            unknown = found.why
        elif all(leads_nowhere(address) for address in found.values):
            nowhere = found.values[0] if found.values else nowhere
        else:
            return Route(Taking.YES, exchanges), ttl
    if unknown:
        return Route(Taking.UNKNOWN, exchanges, unknown), ttl
    if len(exchanges) > HOSTS_ASKED:
        return Route(Taking.UNKNOWN, exchanges, f"its first {HOSTS_ASKED} MX have no address."), ttl
    if nowhere:
        return Route(Taking.PARKED, exchanges, f"its mail goes to {nowhere}."), ttl
    return Route(Taking.NO_HOST, exchanges, otherwise), ttl
