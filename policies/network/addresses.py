"""Blocks of addresses, IPv4 and IPv6 on one line of integers, as Kubernetes' API server reads them."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network, summarize_address_range

from policies.network.sets import Ranges, ranges

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

IPV4_START = 2**128
"""Position of 0.0.0.0: the IPv6 addresses come first, each at its own number."""
LINE = ranges([(0, IPV4_START + 2**32 - 1)])
"""Every address."""
MAPPED_PREFIX = 96
"""Prefix length of ::ffff:0:0/96, the IPv6 notation of IPv4 addresses (RFC 4291, 2.5.5.2)."""
SHOWN = 4


def position(address: Address) -> int:
    """Where an address lies on the line; an IPv4 address in IPv6 notation lies where the IPv4 address does."""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return int(address) if mapped is None else IPV4_START + int(mapped)
    return IPV4_START + int(address)


def read_network(text: object) -> Network:
    """A CIDR with its host bits taken off. Raises ValueError, with a reason, for what is not clear to every reader."""
    address, _, length = text.partition("/") if isinstance(text, str) else ("", "", "")
    if not length.isdecimal() or "%" in address:
        raise ValueError("is no CIDR. Write an address, a slash and the prefix length")
    try:
        network = ip_network(str(text), strict=False)
    except ValueError as error:
        raise ValueError("is no CIDR. Write an address, a slash and the prefix length") from error
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise ValueError(
            "is an IPv4 range in IPv6 notation, which some take for IPv4 and some for IPv6. Write it as "
            f"{network.network_address.ipv4_mapped}/{max(0, network.prefixlen - MAPPED_PREFIX)}"
        )
    return network


def span(network: Network) -> tuple[int, int]:
    """First and last position of a network."""
    first = position(network.network_address)
    return first, first + network.num_addresses - 1


def block(network: Network, exceptions: Iterable[Network]) -> Ranges:
    """The positions of an `ipBlock`: a network without its exceptions."""
    return ranges([span(network)]) - ranges(map(span, exceptions))


def networks(found: Ranges) -> list[Network]:
    """The CIDRs that make up positions."""
    made = list[Network]()
    for first, last in (found & LINE).parts:
        if first < IPV4_START:
            made += summarize_address_range(IPv6Address(first), IPv6Address(min(last, IPV4_START - 1)))
        if last >= IPV4_START:
            start, end = max(first - IPV4_START, 0), last - IPV4_START
            made += summarize_address_range(IPv4Address(start), IPv4Address(end))
    return made


def text(found: Ranges) -> str:
    """Positions as CIDRs, the largest first, and how many more there are."""
    shown = sorted(networks(found), key=lambda network: network.prefixlen - network.max_prefixlen)
    more = f" and {len(shown) - SHOWN} ranges more" if len(shown) > SHOWN else ""
    return ", ".join(map(str, shown[:SHOWN])) + more
