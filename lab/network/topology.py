"""Three network namespaces and their links: node, router, outside, and a management link from machine to node.

    machine 198.18.77.1 --- 198.18.77.2 node 198.51.100.2 --- 198.51.100.1 router 203.0.113.1 --- 203.0.113.2 outside

None has a route to the machine's network.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from lab import settings
from lab.network import firewall
from lab.network.commands import NETNS_DIRECTORY, CommandFailed, run
from lab.network.mounts import is_mounted

MACHINE_LINK = "wl-mgmt"
OUTSIDE_LINK = "out0"
NAMESPACES = (settings.NODE_NETNS, settings.ROUTER_NETNS, settings.OUTSIDE_NETNS)
_MADE_DIRECTORY = settings.STATE / "made-netns-directory"
"""Stands when the machine had no directory of named network namespaces: `ip netns add` mounts one."""
_COMPLETE = settings.STATE / "network-complete"
"""Stands once all is made: what was cut off half-way is made anew, not mended."""
BALANCER_NETWORK = IPv4Network("198.51.100.240/28")
"""The block that LOAD_BALANCER_RANGE fills; the router sends it to the node, which answers no ARP for it."""


@dataclass(frozen=True)
class Link:
    """One end of a veth pair; `namespace` None is the machine's own."""

    namespace: str | None
    name: str
    address: str


LINKS: tuple[tuple[Link, Link], ...] = (
    (
        Link(None, MACHINE_LINK, f"{settings.MANAGEMENT_MACHINE}/{settings.MANAGEMENT_NETWORK.prefixlen}"),
        Link(
            settings.NODE_NETNS,
            firewall.NODE_MANAGEMENT_LINK,
            f"{settings.MANAGEMENT_NODE}/{settings.MANAGEMENT_NETWORK.prefixlen}",
        ),
    ),
    (
        Link(settings.NODE_NETNS, firewall.NODE_UPLINK, f"{settings.NODE_ADDRESS}/{settings.NODE_NETWORK.prefixlen}"),
        Link(
            settings.ROUTER_NETNS,
            firewall.ROUTER_NODE_LINK,
            f"{settings.NODE_ROUTER}/{settings.NODE_NETWORK.prefixlen}",
        ),
    ),
    (
        Link(
            settings.ROUTER_NETNS,
            firewall.ROUTER_OUTSIDE_LINK,
            f"{settings.OUTSIDE_ROUTER}/{settings.OUTSIDE_NETWORK.prefixlen}",
        ),
        Link(settings.OUTSIDE_NETNS, OUTSIDE_LINK, f"{settings.OUTSIDE_HOST}/{settings.OUTSIDE_NETWORK.prefixlen}"),
    ),
)


def outside_addresses() -> list[IPv4Address]:
    """Addresses of the outside beside OUTSIDE_HOST: its DNS, the reflector, the receivers and the decoys."""
    providers = [provider.address for provider in settings.PROVIDERS.values()]
    return [settings.OUTSIDE_DNS, settings.OUTSIDE_REFLECTOR, *providers, *settings.DECOY_ADDRESSES]


def standing() -> bool:
    """Whether all of it is there."""
    return _COMPLETE.exists() and all(is_mounted(NETNS_DIRECTORY / name) for name in NAMESPACES)


def create() -> None:
    """Makes namespaces, links, routes and rules. Whatever stood before must have been deleted. Raises CommandFailed."""
    settings.STATE.mkdir(parents=True, exist_ok=True)
    if not is_mounted(NETNS_DIRECTORY):
        _MADE_DIRECTORY.touch()
    for name in NAMESPACES:
        run("ip", "netns", "add", name)
        for setting in ("all", "default"):
            # IPv6 is closed in the lab; without this every link has a link-local address that no rule speaks of.
            run("sysctl", "-qw", f"net.ipv6.conf.{setting}.disable_ipv6=1", namespace=name)
        run("ip", "link", "set", "lo", "up", namespace=name)
    for one, other in LINKS:
        _connect(one, other)
    run("sysctl", "-qw", "net.ipv4.ip_forward=1", namespace=settings.ROUTER_NETNS)
    run("sysctl", "-qw", "net.ipv4.ip_forward=1", namespace=settings.NODE_NETNS)
    _route(settings.NODE_NETNS, "default", settings.NODE_ROUTER)
    _route(settings.OUTSIDE_NETNS, "default", settings.OUTSIDE_ROUTER)
    _route(settings.ROUTER_NETNS, str(BALANCER_NETWORK), settings.NODE_ADDRESS)
    for decoy in settings.DECOY_ADDRESSES:
        _route(settings.ROUTER_NETNS, f"{decoy}/32", settings.OUTSIDE_HOST)
    add_outside_addresses()
    run("nft", "-f", "-", namespace=settings.ROUTER_NETNS, text=firewall.router_rules())
    run("nft", "-f", "-", namespace=settings.NODE_NETNS, text=firewall.node_rules())
    _COMPLETE.touch()


def add_outside_addresses() -> None:
    """Adds the addresses of the outside that are not there yet. Raises CommandFailed."""
    for address in outside_addresses():
        run("ip", "address", "replace", f"{address}/32", "dev", OUTSIDE_LINK, namespace=settings.OUTSIDE_NETNS)


def _connect(one: Link, other: Link) -> None:
    # The ends are made under their final names inside their namespaces: the machine may have an eth0 of its own.
    command = ["link", "add", one.name, "type", "veth", "peer", "name", other.name]
    if other.namespace:
        command += ["netns", other.namespace]
    run("ip", *command, namespace=one.namespace)
    for end in (one, other):
        if end.namespace is None:
            run("sysctl", "-qw", f"net.ipv6.conf.{end.name}.disable_ipv6=1")
        run("ip", "address", "add", end.address, "dev", end.name, namespace=end.namespace)
        run("ip", "link", "set", end.name, "up", namespace=end.namespace)


def _route(namespace: str, destination: str, via: IPv4Address) -> None:
    run("ip", "route", "add", destination, "via", str(via), namespace=namespace)


def delete() -> None:
    """Removes the namespaces, and with them every link, route and rule; the machine's end of the link goes too."""
    _COMPLETE.unlink(missing_ok=True)
    for name in NAMESPACES:
        path = NETNS_DIRECTORY / name
        with suppress(CommandFailed):
            run("ip", "netns", "delete", name)
        # After a reboot the name is left without its mount, and `ip netns delete` refuses it.
        path.unlink(missing_ok=True)
    with suppress(CommandFailed):
        run("ip", "link", "delete", MACHINE_LINK)
    if _MADE_DIRECTORY.exists() and NETNS_DIRECTORY.is_dir() and not any(NETNS_DIRECTORY.iterdir()):
        while is_mounted(NETNS_DIRECTORY):
            run("umount", NETNS_DIRECTORY)
        NETNS_DIRECTORY.rmdir()
    _MADE_DIRECTORY.unlink(missing_ok=True)


def leftovers() -> list[str]:
    """What of the network still stands."""
    found = [f"network namespace {name}" for name in NAMESPACES if (NETNS_DIRECTORY / name).exists()]
    with suppress(CommandFailed):
        run("ip", "link", "show", "dev", MACHINE_LINK)
        found.append(f"network interface {MACHINE_LINK}")
    return found
