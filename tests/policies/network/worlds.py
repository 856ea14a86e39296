"""Random clusters with NetworkPolicies, and flows that lie where their verdicts change. Seeded, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from tests.policies.network import policies as some

Address = IPv4Address | IPv6Address
NODES: tuple[Address, ...] = tuple(map(ip_address, ("198.51.100.2", "198.51.100.3", "2001:db8:51::2")))
PORT_NAMES = (("smtp", "TCP", (25, 2525)), ("dns", "UDP", (53,)), ("both", "TCP", (80, 9100)), ("both", "UDP", (443,)))
PORTS = (1, 24, 25, 26, 53, 80, 443, 587, 588, 2525, 9100, 65535)


@dataclass(frozen=True)
class Pod:
    """A pod with an address of each family; `ports` are its container ports as in a manifest."""

    namespace: str
    name: str
    labels: dict[str, str]
    ports: list[dict[str, Any]]
    addresses: tuple[IPv4Address, IPv6Address]


@dataclass(frozen=True)
class End:
    """One end of a flow: a pod, a node, or neither."""

    address: Address
    pod: Pod | None = None
    node: bool = False


@dataclass(frozen=True)
class Flow:
    """A flow to a port of the destination."""

    source: End
    destination: End
    protocol: str
    port: int

    @property
    def touches_node(self) -> bool:
        return self.source.node or self.destination.node


@dataclass(frozen=True)
class World:
    """A cluster: labels by namespace, pods, and NetworkPolicies as manifests."""

    namespaces: dict[str, dict[str, str]]
    pods: list[Pod]
    policies: list[dict[str, Any]]

    def manifests(self) -> list[dict[str, Any]]:
        """Namespaces and pods as manifests; the policies are manifests already."""
        found = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
            for name, labels in self.namespaces.items()
        ]
        for pod in self.pods:
            metadata = {"name": pod.name, "namespace": pod.namespace, "labels": pod.labels}
            container = {"name": "c", "image": "i", "ports": pod.ports}
            found.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})
        return found


def world(dice: random.Random) -> World:
    """A cluster of two to four namespaces, each with one to three pods, and two to six policies."""
    names = dice.sample(some.NAMESPACES, dice.randint(2, 4))
    namespaces = {name: {some.NAMESPACE_LABEL: name, **some.labels(dice, some.NAMESPACE_LABELS)} for name in names}
    pods = [_pod(dice, name, number) for name in names for number in range(dice.randint(1, 3))]
    made = [some.policy(dice, dice.choice(names), f"policy-{number}") for number in range(dice.randint(2, 6))]
    return World(namespaces, pods, made)


def _pod(dice: random.Random, namespace: str, number: int) -> Pod:
    low = some.NAMESPACES.index(namespace) * 256 + number + 1
    return Pod(
        namespace,
        f"pod-{number}",
        some.labels(dice, some.POD_LABELS),
        [
            {"name": name, "protocol": protocol, "containerPort": dice.choice(numbers)}
            for name, protocol, numbers in PORT_NAMES
            # A container's port names are unique whatever their protocol.
            if dice.random() < 0.5 and (name != "both" or (protocol == "TCP") == (number == 0))
        ],
        (IPv4Address("10.244.0.0") + low, IPv6Address("fd00:244::") + low),
    )


def flows(dice: random.Random, cluster: World, count: int) -> list[Flow]:
    """Flows between pods, and between a pod and what lies outside the cluster."""
    edges = [address for address in _edges(cluster.policies) if not _inside(address)]
    made = list[Flow]()
    while len(made) < count:
        source, family = dice.choice(cluster.pods), dice.randrange(2)
        end = End(source.addresses[family], source)
        other = dice.choice(cluster.pods)
        outside = [End(address) for address in edges if address.version == end.address.version]
        pair = (end, End(other.addresses[family], other) if dice.random() < 0.5 else dice.choice(outside))
        if pair[0].pod != pair[1].pod:
            made.append(_flow(dice, *dice.sample(pair, 2)))
    return made


def node_flows(dice: random.Random, cluster: World, count: int) -> list[Flow]:
    """Flows between a pod and a node."""
    made = list[Flow]()
    for _ in range(count):
        pod, node = dice.choice(cluster.pods), dice.choice(NODES)
        end = next(address for address in pod.addresses if address.version == node.version)
        made.append(_flow(dice, *dice.sample([End(end, pod), End(node, node=True)], 2)))
    return made


def _flow(dice: random.Random, source: End, destination: End) -> Flow:
    named = [(port["protocol"], port["containerPort"]) for port in (destination.pod.ports if destination.pod else [])]
    protocol, port = dice.choice([*named, (dice.choice(some.PROTOCOLS), dice.choice(PORTS))])
    return Flow(source, destination, protocol, port)


def _edges(manifests: Iterable[dict[str, Any]]) -> list[Address]:
    """First and last address of every block and exception, those beside them, and a few that no block names."""
    found: list[Address] = [ip_address("192.0.2.1"), ip_address("2001:db8:2::1")]
    for text in _cidrs(manifests):
        network = ip_network(text, strict=False)
        first, last = int(network.network_address), int(network.broadcast_address)
        size = 2**network.max_prefixlen
        kind = type(network.network_address)
        found += [kind(number) for number in (first - 1, first, last, last + 1) if 0 <= number < size]
    return found


def _cidrs(value: Any) -> Sequence[str]:
    if isinstance(value, dict):
        own = [value["cidr"], *value.get("except", [])] if "cidr" in value else []
        return [*own, *(text for entry in value.values() for text in _cidrs(entry))]
    if isinstance(value, list):
        return [text for entry in value for text in _cidrs(entry)]
    return []


def _inside(address: Address) -> bool:
    """Whether a pod or a node could have the address."""
    return any(address in network for network in some.CLUSTER if network.version == address.version)
