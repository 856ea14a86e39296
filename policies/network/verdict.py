"""Whether NetworkPolicies allow one flow, under each of the two ways in which networks read `ipBlock`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policies.network import addresses
from policies.network.spec import Block, Direction, Pods, Policy, Port, Rule


class Reading(StrEnum):
    """What `ipBlock` matches: any address (AWS' VPC CNI), or those that are no pod's and no node's (Cilium)."""

    ANY_ADDRESS = "any address"
    OUTSIDE_ONLY = "outside only"


@dataclass(frozen=True)
class Pod:
    """A pod, with the numbers of its container ports by (name, protocol)."""

    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """One end of a flow: an address, and whose it is. No pod and no node means outside the cluster."""

    address: addresses.Address
    pod: Pod | None = None
    node: bool = False


@dataclass(frozen=True)
class Flow:
    """A connection's first packet. `protocol` as NetworkPolicies name it, `port` at the destination."""

    source: Endpoint
    destination: Endpoint
    protocol: str
    port: int


def allows(
    policies: Iterable[Policy], namespaces: Mapping[str, Mapping[str, str]], flow: Flow, reading: Reading
) -> bool:
    """Whether the union of policies lets a flow through: out of its source, and into its destination.

    `namespaces` are labels by name. A pod reaches itself always, and only pods are isolated.
    """
    if flow.source.pod is not None and flow.source.pod == flow.destination.pod:
        return True
    known = list(policies)
    return all(_passes(known, namespaces, flow, direction, reading) for direction in Direction)


def _passes(
    policies: list[Policy],
    namespaces: Mapping[str, Mapping[str, str]],
    flow: Flow,
    direction: Direction,
    reading: Reading,
) -> bool:
    own, other = flow.source, flow.destination
    if direction is Direction.INGRESS:
        own, other = other, own
    pod = own.pod
    if pod is None:
        return True
    around = [
        policy
        for policy in policies
        if policy.namespace == pod.namespace and direction in policy.isolates and policy.pods.selects(pod.labels)
    ]
    return not around or any(
        _admits(rule, namespaces, flow, other, reading)
        for policy in around
        for rule in policy.rules
        if rule.direction is direction
    )


def _admits(
    rule: Rule, namespaces: Mapping[str, Mapping[str, str]], flow: Flow, other: Endpoint, reading: Reading
) -> bool:
    peers = not rule.peers or any(_matches(peer, namespaces, other, reading) for peer in rule.peers)
    return peers and (not rule.ports or any(_serves(port, flow) for port in rule.ports))


def _matches(
    peer: Pods | Block, namespaces: Mapping[str, Mapping[str, str]], endpoint: Endpoint, reading: Reading
) -> bool:
    pod = endpoint.pod
    if isinstance(peer, Pods):
        return pod is not None and peer.namespaces.selects(namespaces[pod.namespace]) and peer.pods.selects(pod.labels)
    inside = pod is not None or endpoint.node
    visible = reading is Reading.ANY_ADDRESS or not inside
    return visible and addresses.position(endpoint.address) in peer.positions


def _serves(port: Port, flow: Flow) -> bool:
    if port.protocol != flow.protocol:
        return False
    if port.name:
        # A name is the destination's own; what is no pod has none.
        pod = flow.destination.pod
        return pod is not None and pod.ports.get((port.name, port.protocol)) == flow.port
    return port.numbers is None or flow.port in port.numbers
