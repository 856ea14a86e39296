"""Mail exchangers behind which nobody reads."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from warmlane.recipients.lists import lists

_PARKED = frozenset(lists().parked_exchanges)


def is_parking_host(exchange: str) -> bool:
    """Whether an exchanger (lower case, no final dot) is a parking service's, or an address that leads nowhere."""
    name = exchange
    while name:
        if name in _PARKED:
            return True
        name = name.partition(".")[2]
    try:
        return leads_nowhere(exchange)
    except ValueError:
        return False


def leads_nowhere(address: str) -> bool:
    """Whether no other machine can be behind an IP address. Raises ValueError when it is none.

    Private networks do not count: the sender may stand in them.
    """
    ip = ipaddress.ip_address(address)
    return ip.is_loopback or ip.is_unspecified or ip.is_link_local or ip.is_multicast


def all_parked(exchanges: Sequence[str]) -> bool:
    """Whether nothing but parking stands behind a domain; one real exchanger makes it a real one."""
    return bool(exchanges) and all(is_parking_host(exchange) for exchange in exchanges)
