"""A NetworkPolicy means what Kubernetes' API documentation says, and what has no clear meaning is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import Any

import pytest

from policies.network.spec import Unreadable, read_policy
from policies.network.verdict import Endpoint, Flow, Pod, Reading, allows

NAMESPACES = {name: {"kubernetes.io/metadata.name": name, "team": name[0]} for name in ("home", "away")}
MINE = Pod("home", "mine", {"app": "web"}, {("smtp", "TCP"): 2525})
OTHER = Pod("home", "other", {"app": "db"}, {("smtp", "TCP"): 25})
FAR = Pod("away", "far", {"app": "web", "tier": "x"})
OUTSIDE = "203.0.113.9"


def end(of: Pod | str) -> Endpoint:
    addresses = {"mine": "10.244.0.1", "other": "10.244.0.2", "far": "10.244.1.1"}
    if isinstance(of, Pod):
        return Endpoint(ip_address(addresses[of.name]), of)
    return Endpoint(ip_address(of), node=of == "198.51.100.2")


def passes(spec: dict[str, Any], source: Pod | str, to: Pod | str, *, by_address: bool = False, **what: Any) -> bool:
    """Whether one policy of `home` lets TCP 25, or `protocol` and `port`, pass."""
    flow = Flow(end(source), end(to), what.get("protocol", "TCP"), what.get("port", 25))
    reading = Reading.ANY_ADDRESS if by_address else Reading.OUTSIDE_ONLY
    return allows([read_policy("home", "it", spec)], NAMESPACES, flow, reading)


when = partial(partial, passes)


def egress(*rules: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": list(rules), **spec}


def to(**peer: Any) -> dict[str, Any]:
    return egress({"to": [peer]})


def expression(operator: str, *values: str, key: str = "tier") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
BLOCK = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "198.51.100.0/24"]}


@pytest.mark.parametrize(
    ("why", "passing", "expected"),
    [
        ("nothing is isolated by a policy of another namespace", when(DENY, FAR, OUTSIDE), True),
        ("default-deny closes the way out", when(DENY, MINE, OUTSIDE), False),
        ("default-deny closes the way in", when(DENY, OUTSIDE, MINE), False),
        ("a pod reaches itself", when(DENY, MINE, MINE), True),
        ("without policyTypes ingress is isolated", when({"podSelector": {}}, FAR, MINE), False),
        ("without policyTypes and egress rules egress is not", when({"podSelector": {}}, MINE, FAR), True),
        ("an empty egress is no egress rule", when({"podSelector": {}, "egress": []}, MINE, FAR), True),
        (
            "without policyTypes egress rules isolate egress",
            when({"podSelector": {}, "egress": [{"ports": [{"port": 1}]}]}, MINE, FAR),
            False,
        ),
        ("an empty rule allows everything", when(egress({}), MINE, OUTSIDE, port=1, protocol="SCTP"), True),
        ("an empty list of peers is every peer", when(egress({"to": [], "ports": []}), MINE, OUTSIDE), True),
        ("a selector that is left out is every pod", when({"policyTypes": ["Egress"]}, MINE, FAR), False),
        (
            "other pods are not isolated",
            when({**egress(), "podSelector": {"matchLabels": {"a": "b"}}}, MINE, FAR),
            True,
        ),
        ("podSelector alone stays in the namespace", when(to(podSelector={}), MINE, FAR), False),
        ("podSelector alone reaches the namespace", when(to(podSelector={}), MINE, OTHER), True),
        ("podSelector reaches no address", when(to(podSelector={}), MINE, OUTSIDE), False),
        ("namespaceSelector alone is all its pods", when(to(namespaceSelector={}), MINE, FAR), True),
        (
            "both selectors must match",
            when(
                to(namespaceSelector={"matchLabels": {"team": "a"}}, podSelector={"matchLabels": {"app": "db"}}),
                MINE,
                FAR,
            ),
            False,
        ),
        ("In needs the label", when(to(podSelector=expression("In", "x")), MINE, OTHER), False),
        ("NotIn takes a pod without it", when(to(podSelector=expression("NotIn", "x")), MINE, OTHER), True),
        ("Exists needs it", when(to(podSelector=expression("Exists")), MINE, OTHER), False),
        (
            "DoesNotExist is the contrary",
            when(to(podSelector=expression("DoesNotExist")), MINE, OTHER),
            True,
        ),
        (
            "a namespace has its name as label",
            partial(
                passes, to(namespaceSelector=expression("In", "away", key="kubernetes.io/metadata.name")), MINE, FAR
            ),
            True,
        ),
        (
            "TCP is the default",
            when(egress({"ports": [{"port": 25}]}), MINE, OUTSIDE, protocol="UDP"),
            False,
        ),
        (
            "a protocol alone is all its ports",
            when(egress({"ports": [{"protocol": "UDP"}]}), MINE, OUTSIDE),
            False,
        ),
        ("endPort is included", when(egress({"ports": [{"port": 20, "endPort": 25}]}), MINE, OUTSIDE), True),
        (
            "above endPort is not",
            when(egress({"ports": [{"port": 20, "endPort": 24}]}), MINE, OUTSIDE),
            False,
        ),
        ("a name is the destination's", when(egress({"ports": [{"port": "smtp"}]}), MINE, OTHER), True),
        ("not the source's", when(egress({"ports": [{"port": "smtp"}]}), MINE, OTHER, port=2525), False),
        ("an address has no port names", when(egress({"ports": [{"port": "smtp"}]}), MINE, OUTSIDE), False),
        ("a block takes addresses", when(to(ipBlock=BLOCK), MINE, OUTSIDE), True),
        ("not its exceptions", when(to(ipBlock=BLOCK), MINE, "10.1.1.1"), False),
        ("IPv4 only, where it is IPv4", when(to(ipBlock=BLOCK), MINE, "2001:db8::1"), False),
        ("IPv6 only, where it is IPv6", when(to(ipBlock={"cidr": "::/0"}), MINE, OUTSIDE), False),
        ("IPv6", when(to(ipBlock={"cidr": "2001:db8::/32"}), MINE, "2001:db8::1"), True),
        (
            "an IPv4 address in IPv6 notation",
            when(to(ipBlock={"cidr": "::/0"}), MINE, "::ffff:8.8.8.8"),
            False,
        ),
        ("is the IPv4 address", when(to(ipBlock=BLOCK), MINE, "::ffff:8.8.8.8"), True),
        ("host bits do not count", when(to(ipBlock={"cidr": "203.0.113.200/24"}), MINE, OUTSIDE), True),
        (
            "a pod by its address, as the VPC CNI",
            when(to(ipBlock={"cidr": "10.0.0.0/8"}), MINE, FAR, by_address=True),
            True,
        ),
        ("no pod by its address, as Cilium", when(to(ipBlock={"cidr": "10.0.0.0/8"}), MINE, FAR), False),
        (
            "a node by its address",
            when(to(ipBlock={"cidr": "198.51.100.0/24"}), MINE, "198.51.100.2", by_address=True),
            True,
        ),
        (
            "no node by its address",
            when(to(ipBlock={"cidr": "198.51.100.0/24"}), MINE, "198.51.100.2"),
            False,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_kubernetes_own_meaning(why: str, passing: Callable[[], bool], expected: bool) -> None:
    assert passing() is expected, why


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (None, "spec must be an object"),
        (egress(policyTypes=["Both"]), "neither Ingress nor Egress"),
        ({**egress({}), "policyTypes": ["Ingress"]}, "spec.egress has rules and spec.policyTypes does not name Egress"),
        (egress({"from": []}), "spec.egress[0].from is no field"),
        (to(), "spec.egress[0].to[0] must have either"),
        (to(ipBlock={"cidr": "10.0.0.0/8"}, podSelector={}), "must have either"),
        (to(ipBlock={"cidr": "10.0.0.1"}), "is no CIDR"),
        (to(ipBlock={"cidr": "10.0.0.0/255.0.0.0"}), "is no CIDR"),
        (to(ipBlock={"cidr": "010.0.0.0/8"}), "is no CIDR"),
        (to(ipBlock={"cidr": "fe80::1%eth0/64"}), "is no CIDR"),
        (to(ipBlock={"cidr": "::ffff:10.0.0.0/104"}), "Write it as 10.0.0.0/8"),
        (to(ipBlock={"cidr": "10.0.0.0/8", "except": ["11.0.0.0/16"]}), "is not a part of 10.0.0.0/8"),
        (to(ipBlock={"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8"]}), "is not a part of 10.0.0.0/8"),
        (to(ipBlock={"cidr": "0.0.0.0/0", "except": ["::ffff:a00:0/104"]}), "IPv4 range in IPv6 notation"),
        (egress({"ports": [{"port": 0}]}), "port from 1 to 65535"),
        (egress({"ports": [{"port": 25, "endPort": 24}]}), "endPort no lower than port"),
        (egress({"ports": [{"endPort": 25}]}), "spec.egress[0].ports[0]"),
        (egress({"ports": [{"port": "smtp", "endPort": 30}]}), "spec.egress[0].ports[0]"),
        (egress({"ports": [{"port": "25"}]}), "spec.egress[0].ports[0]"),
        (egress({"ports": [{"port": True}]}), "spec.egress[0].ports[0]"),
        (egress({"ports": [{"protocol": "tcp"}]}), "protocol tcp is none of"),
        (to(podSelector=expression("Like", "x")), "must be a key with In or NotIn"),
        (to(podSelector=expression("In")), "must be a key with In or NotIn"),
        (to(podSelector=expression("Exists", "x")), "must be a key with In or NotIn"),
        (to(podSelector={"matchLabels": {"a": 1}}), "matchLabels must be strings"),
    ],
)
def test_what_has_no_clear_meaning_is_refused(spec: Any, text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_policy("home", "it", spec)
    assert text in str(caught.value)
