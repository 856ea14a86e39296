"""What the network of a stack allows, as `nca` sees it: a mutant is harmless when it allows nothing more."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import product
from pathlib import Path
from typing import Any

from cli.render.manifests import manifest
from cli.render.recording import Recording
from tests.policies.network.analyzer import Possible, possible
from tests.policies.network.worlds import Address, End, Flow, Pod, World
from tests.policies.systematic.mutant import base, kind
from warmlane import labels, names

PORTS = (1, 24, 25, 26, 53, 443, 587, 3000, 6443, 9090, 9093, 9100, 65535)
PROTOCOLS = ("TCP", "UDP", "SCTP")
ADDRESSES = ("203.0.113.9", "9.9.9.9", "10.40.0.1", "10.40.200.1", "10.96.0.1", "172.20.0.1", "169.254.169.254")
OUTSIDERS = {
    ("kube-system", "dns"): {"k8s-app": "kube-dns"},
    ("kube-system", "other"): {"app": "other"},
    ("producers", "spring-sale"): {"app": "spring-sale-producer"},
    ("producers", "other"): {"app": "other"},
    ("checkout", "receipts"): {"app": "receipts"},
    (names.namespace("other"), "sender"): {**labels.campaign("other", "other", "sender")},
    (names.MONITORING_NAMESPACE, "stranger"): {"app": "other"},
}
"""Pods around every stack, by namespace and name: those that are let in, and others."""


def _pods(recording: Recording) -> list[Pod]:
    """Each workload's pod and those around it."""
    found = dict(OUTSIDERS)
    for one in recording.registrations:
        if kind(one) == "Deployment":
            template = one.inputs["spec"]["template"]["metadata"]["labels"]
            found[one.inputs["metadata"]["namespace"], one.name] = template
    for part in ("prometheus", "alertmanager", "grafana"):
        found.setdefault((names.MONITORING_NAMESPACE, part), labels.platform(part, "monitoring", "any"))
    return [
        Pod(namespace, name, marks, [], (IPv4Address(f"10.40.64.{number}"), IPv6Address(number)))
        for number, ((namespace, name), marks) in enumerate(found.items(), 1)
    ]


def _world(stack: str, recording: Recording) -> World:
    pods = _pods(base(stack))
    namespaces = {pod.namespace: {"kubernetes.io/metadata.name": pod.namespace} for pod in pods}
    for namespace in namespaces:
        if namespace.startswith(names.NAMESPACE_PREFIX):
            namespaces[namespace][labels.CAMPAIGN] = namespace.removeprefix(names.NAMESPACE_PREFIX)
    policies: list[dict[str, Any]] = [
        manifest(one, {}) for one in recording.registrations if one.type.endswith(":NetworkPolicy")
    ]
    return World(namespaces, pods, policies)


def _flows(world: World) -> list[Flow]:
    ends = [
        *(End(pod.addresses[0], pod) for pod in world.pods),
        *(End(ip_address(address)) for address in ADDRESSES),
    ]
    pairs = [(a, b) for a, b in product(ends, ends) if a != b and (a.pod or b.pod)]
    return [Flow(a, b, protocol, port) for (a, b), protocol, port in product(pairs, PROTOCOLS, PORTS)]


def _allowed(stack: str, recording: Recording, directory: Path) -> set[int]:
    """The numbers of the flows that are possible."""
    world = _world(stack, recording)
    entries = possible(world, directory)
    by_ends = dict[tuple[Address, Address], list[Possible]]()
    found = set[int]()
    for number, flow in enumerate(_flows(world)):
        ends = flow.source.address, flow.destination.address
        if ends not in by_ends:
            by_ends[ends] = [one for one in entries if _between(one, flow)]
        if any(one.carries(flow) for one in by_ends[ends]):
            found.add(number)
    return found


def _between(one: Possible, flow: Flow) -> bool:
    """Whether an entry is about the two ends, whatever the port."""
    return Possible(one.source, one.destination, None, None).carries(flow)


@cache
def _base(stack: str, directory: Path) -> frozenset[int]:
    found = _allowed(stack, base(stack), directory)
    assert found, f"{stack}: its policies allow something"
    return frozenset(found)


def more(stack: str, recording: Recording, directory: Path) -> str:
    """What a mutant allows beyond its stack, empty where that is nothing."""
    before = _base(stack, directory)
    beyond = _allowed(stack, recording, directory) - before
    if not beyond:
        return ""
    flow = _flows(_world(stack, recording))[min(beyond)]
    return f"{len(beyond)} flows more, such as {flow}"
