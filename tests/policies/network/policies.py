"""Random NetworkPolicies that the API server takes, in every shape that the API has."""

from __future__ import annotations

import random
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

NAMESPACES = ("alpha", "beta", "gamma", "delta")
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
NAMESPACE_LABELS = {"team": ("red", "blue"), "stage": ("test", "live")}
POD_LABELS = {"app": ("web", "mail", "job"), "tier": ("front", "back")}
OTHER_VALUES = ("x",)
"""Of a label that nothing has."""
PROTOCOLS = ("TCP", "UDP", "SCTP")
CLUSTER = tuple(map(ip_network, ("10.244.0.0/16", "fd00:244::/64", "198.51.100.0/24", "2001:db8:51::/48")))
"""Pods and nodes."""
BLOCKS = (
    *("0.0.0.0/0", "10.0.0.0/8", "10.240.0.0/12", "10.244.0.0/16", "10.244.1.0/24", "10.244.0.1/32", "198.51.100.0/24"),
    *("203.0.113.0/24", "203.0.113.77/24", "203.0.113.9/32", "128.0.0.0/1"),
    *("::/0", "fd00::/8", "fd00:244::/64", "fd00:244::100/120", "2001:db8::/32", "2001:db8:51::2/128", "8000::/1"),
)
INSIDE = ("0.0.0.0/0", "10.0.0.0/8", "10.244.0.0/16", "198.51.100.0/24", "::/0", "fd00::/8", "fd00:244::/64")
"""Blocks with pods or nodes in them, on which the two readings part."""

Spec = dict[str, Any]


def labels(dice: random.Random, known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Some labels, or none."""
    return {key: dice.choice(values) for key, values in known.items() if dice.random() < 0.7}


def policy(dice: random.Random, namespace: str, name: str) -> Spec:
    """A NetworkPolicy; the API server would take it, and every rule has a direction that the policy is for."""
    spec: Spec = {"podSelector": {} if dice.random() < 0.4 else selector(dice, POD_LABELS)}
    types = dice.choice([None, [], ["Ingress"], ["Egress"], *[["Ingress", "Egress"]] * 3])
    if types is not None:
        spec["policyTypes"] = types
    if not types or "Ingress" in types:
        _rules(dice, spec, "ingress", "from")
    if not types or "Egress" in types:
        _rules(dice, spec, "egress", "to")
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _rules(dice: random.Random, spec: Spec, key: str, peers_key: str) -> None:
    if dice.random() < 0.8:
        spec[key] = [_rule(dice, peers_key) for _ in range(dice.choice((0, 1, 1, 2)))]


def _rule(dice: random.Random, peers_key: str) -> Spec:
    if dice.random() < 0.4:
        # Nothing but a block on every port: here the two readings of `ipBlock` part most often.
        return {peers_key: [{"ipBlock": block(dice)}]}
    made: Spec = {}
    if dice.random() < 0.85:
        made[peers_key] = [peer(dice) for _ in range(dice.choice((0, 1, 1, 2, 3)))]
    if dice.random() < 0.6:
        made["ports"] = [port(dice) for _ in range(dice.choice((0, 1, 1, 2, 3)))]
    return made


def peer(dice: random.Random) -> Spec:
    """Pods by labels, pods of namespaces by labels, or a block."""
    match dice.randrange(6):
        case 0:
            return {"podSelector": selector(dice, POD_LABELS)}
        case 1:
            return {"namespaceSelector": _namespaces(dice)}
        case 2:
            return {"namespaceSelector": _namespaces(dice), "podSelector": selector(dice, POD_LABELS)}
        case _:
            return {"ipBlock": block(dice)}


def _namespaces(dice: random.Random) -> Spec:
    if dice.random() < 0.3:
        return {"matchLabels": {NAMESPACE_LABEL: dice.choice(NAMESPACES)}}
    return selector(dice, NAMESPACE_LABELS)


def selector(dice: random.Random, known: Mapping[str, tuple[str, ...]]) -> Spec:
    """Any combination of labels and expressions, the empty one included."""
    made: Spec = {}
    if dice.random() < 0.5:
        made["matchLabels"] = {key: value for key, value in labels(dice, known).items() if dice.random() < 0.6}
    if dice.random() < 0.5:
        made["matchExpressions"] = [_expression(dice, known) for _ in range(dice.choice((1, 1, 2)))]
    return made


def _expression(dice: random.Random, known: Mapping[str, tuple[str, ...]]) -> Spec:
    key = dice.choice([*known, "nobody-has-it"])
    operator = dice.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    if operator in ("Exists", "DoesNotExist"):
        return {"key": key, "operator": operator}
    values = known.get(key, OTHER_VALUES)
    return {"key": key, "operator": operator, "values": dice.sample(values, dice.randint(1, len(values)))}


def block(dice: random.Random) -> Spec:
    """A block, often with exceptions inside it, some of them inside one another."""
    text = dice.choice(INSIDE if dice.random() < 0.6 else BLOCKS)
    network = ip_network(text, strict=False)
    room = network.max_prefixlen - network.prefixlen
    made: Spec = {"cidr": text}
    if room and dice.random() < 0.4:
        made["except"] = [_part(dice, text, room) for _ in range(dice.randint(1, 3))]
    return made


def _part(dice: random.Random, text: str, room: int) -> str:
    """A range inside a block: one of those that tests look at, or any."""
    network = ip_network(text, strict=False)
    known = [
        other
        for other in (ip_network(entry, strict=False) for entry in BLOCKS)
        if other != network and other[0] in network and other[-1] in network
    ]
    if known and dice.random() < 0.7:
        return str(dice.choice(known))
    length = network.prefixlen + dice.randint(1, room)
    start = int(network.network_address) + dice.randrange(2 ** (length - network.prefixlen)) * 2 ** (
        network.max_prefixlen - length
    )
    return f"{type(network.network_address)(start)}/{length}"


def port(dice: random.Random) -> Spec:
    """A number, a range, a name, or a whole protocol; TCP is often left to the default."""
    made: Spec = {} if dice.random() < 0.3 else {"protocol": dice.choice(PROTOCOLS)}
    match dice.randrange(5):
        case 0:
            pass
        case 1:
            made["port"] = dice.choice(("smtp", "dns", "both"))
        case 2:
            made |= {"port": dice.choice((1, 25, 53)), "endPort": dice.choice((53, 587, 65535))}
        case _:
            made["port"] = dice.choice((25, 53, 80, 443, 2525, 9100))
    return made or {"port": 25}
