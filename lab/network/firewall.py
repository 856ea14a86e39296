"""nftables of the lab: the router's rule for port 25, and the management link's one-way rule in the node.

Both tables live in namespaces of the lab, never in the machine's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Any

from lab import settings
from lab.network.commands import run

ROUTER_TABLE = "warmlane_router"
NODE_TABLE = "warmlane_node"
LANE_SET = "lane_addresses"
DROP_COUNTER = "smtp_not_lane"

ROUTER_NODE_LINK = "node0"
ROUTER_OUTSIDE_LINK = "outside0"
NODE_UPLINK = "eth0"
NODE_MANAGEMENT_LINK = "mgmt0"


def router_rules() -> str:
    """The way out: TCP 25 leaves from lane addresses only, and what is dropped is counted; every other port passes.

    Cilium's egress gateway (1.20) sends a new pod's first connection with the node's address now and then: 1 of 120 was
    seen. So the outside does not rely on it.
    """
    return f"""
table inet {ROUTER_TABLE} {{
    set {LANE_SET} {{ type ipv4_addr; }}
    counter {DROP_COUNTER} {{ }}
    chain forward {{
        type filter hook forward priority filter; policy accept;
        iifname "{ROUTER_NODE_LINK}" tcp dport 25 ip saddr != @{LANE_SET} counter name {DROP_COUNTER} drop
    }}
}}
"""


def node_rules() -> str:
    """The management link carries answers only: the machine reaches the node, nothing of the node reaches the machine.

    The rule sits at the link's egress, because Cilium redirects packets past the hooks of the IP layer.
    """
    return f"""
table netdev {NODE_TABLE} {{
    chain management {{
        type filter hook egress device "{NODE_MANAGEMENT_LINK}" priority filter; policy drop;
        ether type arp accept
        ip saddr {settings.MANAGEMENT_NODE} tcp flags & (syn | ack) != syn accept
    }}
}}
"""


def lane_set_commands(addresses: Iterable[IPv4Address]) -> str:
    """nft commands that make the router's set of lane addresses exactly `addresses`, in one transaction."""
    lines = [f"flush set inet {ROUTER_TABLE} {LANE_SET}"]
    elements = ", ".join(str(address) for address in sorted(addresses))
    if elements:
        lines.append(f"add element inet {ROUTER_TABLE} {LANE_SET} {{ {elements} }}")
    return "\n".join(lines) + "\n"


def counted_packets(listing: str) -> int:
    """The packets in nft's JSON listing of one counter."""
    entries: list[dict[str, Any]] = json.loads(listing)["nftables"]
    return sum(int(entry["counter"]["packets"]) for entry in entries if "counter" in entry)


def router_drops() -> int:
    """Packets to port 25 that the router dropped since the lab came up, as their source was no lane's address."""
    listing = run("nft", "-j", "list", "counter", "inet", ROUTER_TABLE, DROP_COUNTER, namespace=settings.ROUTER_NETNS)
    return counted_packets(listing)
