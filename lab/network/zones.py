"""The DNS of the lab's outside: zone files that CoreDNS serves, rewritten when AWS' Route 53 stand-in changes."""

from __future__ import annotations

import os
import re
import time
from ipaddress import IPv4Address
from pathlib import Path

from lab import settings

ZONES = settings.STATE / "dns" / "outside"
TTL = 2
"""Seconds for which a resolver may keep an answer, also a negative one: tests change names and look at once."""
RELOAD = 1
"""Seconds between CoreDNS' looks at a zone's serial number."""
_SERIAL = re.compile(r"IN SOA \S+ \S+ (\d+)")


def reverse_name(address: IPv4Address) -> str:
    """The name of an address' PTR record, without the final dot."""
    return address.reverse_pointer


def reverse_zones() -> list[str]:
    """The reverse zones of the node's and the outside's network (both are /24)."""
    return [
        ".".join(str(network.network_address).split(".")[2::-1]) + ".in-addr.arpa"
        for network in (settings.NODE_NETWORK, settings.OUTSIDE_NETWORK)
    ]


def provider_zones() -> list[str]:
    """The zones of PROVIDERS: no more of a real provider's domain than the lab's own part of it."""
    hosts = [host for provider in settings.PROVIDERS.values() for host in (provider.mx, *provider.domains)]
    return sorted(set(map(_zone_of, hosts)))


def _zone_of(host: str) -> str:
    """The zone that holds a host's records: its parent, or a mailbox domain of two labels itself."""
    return host if host.count(".") == 1 else host.partition(".")[2]


def zone_text(zone: str, records: list[str], serial: int) -> str:
    """A zone file: SOA, NS, and `records` with names relative to the zone or absolute."""
    return "\n".join(
        [
            f"$ORIGIN {zone}.",
            f"$TTL {TTL}",
            f"@ IN SOA ns.{settings.DOMAIN}. hostmaster.{settings.DOMAIN}. {serial} 60 60 3600 {TTL}",
            f"@ IN NS ns.{settings.DOMAIN}.",
            *records,
            "",
        ]
    )


def zones(records: dict[str, IPv4Address], reverse: dict[IPv4Address, str]) -> dict[str, list[str]]:
    """Records of every zone of the outside.

    `records` are the names of the hosted zone, `reverse` the PTR records of elastic addresses. Mailbox domains of
    PROVIDERS have one MX each; nothing else has. Raises ValueError for a name outside of the lab's domain.
    """
    suffix = f".{settings.DOMAIN}"
    stray = sorted(name for name in records if name != settings.DOMAIN and not name.endswith(suffix))
    if stray:
        raise ValueError(f"{', '.join(stray)}: the lab's hosted zone is {settings.DOMAIN}.")
    content = {settings.DOMAIN: [f"{name}. IN A {address}" for name, address in sorted(records.items())]}
    if f"ns{suffix}" not in records:
        content[settings.DOMAIN].append(f"ns IN A {settings.OUTSIDE_DNS}")
    pointers = dict(reverse)
    for zone in provider_zones():
        content[zone] = []
    for provider in settings.PROVIDERS.values():
        for domain in provider.domains:
            content[_zone_of(domain)].append(f"{domain}. IN MX 10 {provider.mx}.")
        content[_zone_of(provider.mx)].append(f"{provider.mx}. IN A {provider.address}")
        pointers[provider.address] = provider.mx
    for zone in reverse_zones():
        content[zone] = [
            f"{reverse_name(address)}. IN PTR {name.rstrip('.')}."
            for address, name in sorted(pointers.items())
            if reverse_name(address).endswith(f".{zone}")
        ]
    return content


def corefile() -> str:
    """CoreDNS' configuration for the outside; a name of no zone does not exist."""
    names = [settings.DOMAIN, *provider_zones(), *reverse_zones()]
    blocks = [
        f"{name}:53 {{\n    bind {settings.OUTSIDE_DNS}\n"
        f"    file {_file(name)} {{\n        reload {RELOAD}s\n    }}\n    errors\n}}\n"
        for name in names
    ]
    unknown = (
        f".:53 {{\n    bind {settings.OUTSIDE_DNS}\n    template ANY ANY . {{\n        rcode NXDOMAIN\n    }}\n}}\n"
    )
    return "".join([*blocks, unknown])


def sync_records(records: dict[str, IPv4Address], reverse: dict[IPv4Address, str]) -> None:
    """Makes the outside's DNS answer with exactly these records of the hosted zone and these PTR records.

    CoreDNS takes a change over within RELOAD seconds. Raises ValueError for a name that the hosted zone can't hold.
    """
    ZONES.mkdir(parents=True, exist_ok=True)
    for zone, lines in zones(records, reverse).items():
        path = _file(zone)
        before = path.read_text() if path.exists() else ""
        match = _SERIAL.search(before)
        last = int(match[1]) if match else 0
        if zone_text(zone, lines, last) == before:
            continue
        # CoreDNS takes a file over only when its serial grew; two changes may fall into one second.
        text = zone_text(zone, lines, max(int(time.time()), last + 1))
        prepared = path.with_suffix(".new")
        prepared.write_text(text)
        os.replace(prepared, path)


def _file(zone: str) -> Path:
    return ZONES / f"{zone}.zone"
