"""The list itself is as narrow as `docs/isolation.md` says, whatever `warmlane/isolation.py` makes."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from policies import committed
from policies.network import addresses
from policies.network.dimensions import ADDRESSES, DIRECTION, NAMESPACES, PEER, PORTS, PROTOCOL, label
from policies.network.excess import PEER_ADDRESSES
from policies.network.listed import listed
from policies.network.sets import Box, only, ranges
from warmlane.isolation import NAMESPACE_LABEL

NEVER = (
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    *("100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "224.0.0.0/4", "0.0.0.0/8", "240.0.0.0/4"),
    *("::/0", "fd00:ec2::254/128", "fe80::/10", "fc00::/7"),
)
"""Private ranges (RFC 1918), shared space (RFC 6598), the metadata service, and all of IPv6."""
CAMPAIGNS = [("campaign-spring-sale", "spring-sale.dev"), ("campaign-receipts", "receipts.prod")]


def to_addresses(namespace: str, stack: str) -> list[Box]:
    found = listed(namespace, stack)
    assert found is not None
    return [box for box in found if PEER_ADDRESSES in box[PEER]]  # type: ignore[operator]


@pytest.mark.parametrize(("namespace", "stack"), CAMPAIGNS)
def test_a_campaign_reaches_by_address_tcp_25_of_public_addresses_only(namespace: str, stack: str) -> None:
    networks = committed.environment(stack).cluster.networks
    own = [*networks.pods, *networks.services, *networks.nodes, *networks.vpc]
    forbidden = ranges(addresses.span(network) for network in [*map(ip_network, NEVER), *own])
    (box,) = to_addresses(namespace, stack)
    assert (box[DIRECTION], box[PROTOCOL], box[PORTS]) == (only("Egress"), only("TCP"), ranges([(25, 25)]))
    found = box[ADDRESSES]
    assert not found & forbidden, "no private, special or own range is in the list"  # type: ignore[operator]
    assert addresses.position(ip_network("203.0.113.9/32").network_address) in found  # type: ignore[operator]


@pytest.mark.parametrize(("namespace", "stack"), CAMPAIGNS)
def test_nobody_comes_in_by_address(namespace: str, stack: str) -> None:
    for box in to_addresses(namespace, stack):
        assert box[DIRECTION] == only("Egress")


def test_no_list_reaches_into_another_campaign() -> None:
    other = label(NAMESPACES, NAMESPACE_LABEL)
    for namespace, stack in CAMPAIGNS:
        pods = [box for box in listed(namespace, stack) or [] if PEER_ADDRESSES not in box[PEER]]  # type: ignore[operator]
        assert len(pods) >= 3, "DNS, producers and Prometheus"
        assert not [box for box in pods if other not in box or "campaign-other" in box[other]]  # type: ignore[operator]


def test_other_namespaces_have_no_list() -> None:
    assert listed("default", "dev") is None
    assert listed("kube-system", "spring-sale.dev") is None
    (only_way,) = listed("warmlane-platform", "dev") or []
    assert only_way[DIRECTION] == only("Ingress"), "senders reach the store, and the platform reaches nobody"
    assert only_way[PORTS] == ranges([(5432, 5432)])
