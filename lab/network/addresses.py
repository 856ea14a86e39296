"""Elastic addresses of the lab: /32s on the node's uplink, and the router's set of addresses that may send mail."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from typing import Any

from lab import settings
from lab.network import firewall
from lab.network.commands import run


def elastic(listing: str) -> set[IPv4Address]:
    """The addresses of ELASTIC_RANGE in `ip -json address show`'s listing."""
    entries: list[dict[str, Any]] = json.loads(listing)
    first, last = settings.ELASTIC_RANGE
    found = {
        IPv4Address(info["local"])
        for entry in entries
        for info in entry.get("addr_info", [])
        if info.get("family") == "inet"
    }
    return {address for address in found if first <= address <= last}


def sync_addresses(addresses: set[IPv4Address]) -> None:
    """Makes `addresses` the elastic addresses on the node, and the only ones from which the router lets port 25 out.

    An address that goes leaves the router's set first; one that comes is on the node before the router admits it.
    Raises ValueError for an address outside of ELASTIC_RANGE, CommandFailed when the lab's network does not stand.
    """
    first, last = settings.ELASTIC_RANGE
    stray = sorted(address for address in addresses if not first <= address <= last)
    if stray:
        raise ValueError(f"{', '.join(map(str, stray))}: elastic addresses of the lab lie between {first} and {last}.")
    link = firewall.NODE_UPLINK
    present = elastic(run("ip", "-json", "address", "show", "dev", link, namespace=settings.NODE_NETNS))
    _admit(present & addresses)
    for action, changed in (("delete", present - addresses), ("add", addresses - present)):
        for address in sorted(changed):
            run("ip", "address", action, f"{address}/32", "dev", link, namespace=settings.NODE_NETNS)
    _admit(addresses)


def _admit(addresses: set[IPv4Address]) -> None:
    run("nft", "-f", "-", namespace=settings.ROUTER_NETNS, text=firewall.lane_set_commands(addresses))
