"""Nothing but the cluster's own pods reaches a sender: neither by its submission port nor by its metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import kubernetes
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import About, Resource, stack_rule
from policies.scopes import of_kinds
from warmlane import names

WAYS_IN = ("Ingress", "Gateway", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")
ENDPOINTS = ("Endpoints", "EndpointSlice")

ABOUT = About(
    name="services-inside-cluster",
    display_name="Services inside the cluster",
    description=(
        "No Service takes a port of nodes or an external address, points elsewhere by ExternalName, or puts submission "
        "or metrics on a load balancer; a campaign has neither ingress nor endpoints of its own making."
    ),
    why="A submission port that the internet reaches is a relay for whoever guesses a password.",
    remediation="Use a ClusterIP Service with a selector, as components/sender_pod.py has it.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(of_kinds("Service", *WAYS_IN, *ENDPOINTS), ("metadata", "namespace")),
        *plan(
            of_kinds("Service"),
            *(("spec", field) for field in ("type", "externalName", "selector", "allocateLoadBalancerNodePorts")),
            ("spec", "externalIPs", EACH),
            *(("spec", "ports", EACH, field) for field in ("port", "targetPort")),
        ),
    ),
)

CLOSED_PORTS = {25: "submission", 465: "submission", 587: "submission", names.METRICS_PORT: "metrics"}
"""Ports that no load balancer forwards. Producers submit on 25; 465 and 587 are submission's own (RFC 8314)."""


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    for resource in resources:
        kind, what = kubernetes.kind(resource), kubernetes.title(resource)
        if kubernetes.campaign(resource) and kind in WAYS_IN:
            yield f"{what} opens a campaign to whoever reaches the cluster. Remove it.", resource
        if kubernetes.campaign(resource) and kind in ENDPOINTS:
            yield (
                f"{what} lets a campaign's Service lead anywhere. Remove it, and let the Service select its pods.",
                resource,
            )
        if kind == "Service":
            for message in _judge_service(what, resource, resources):
                yield message, resource


def _judge_service(what: str, resource: Resource, resources: list[Resource]) -> Iterator[str]:
    spec = at(resource.props, "spec")
    type_ = at(spec, "type")
    if type_ == "NodePort":
        yield f"{what} takes a port of every node. Make it a ClusterIP Service."
    if type_ == "LoadBalancer" and at(spec, "allocateLoadBalancerNodePorts") not in (False, UNKNOWN):
        yield (
            f"{what} takes a port of every node beside its load balancer. Set allocateLoadBalancerNodePorts to false, "
            "or make it a ClusterIP Service."
        )
    addresses = [str(address) for address in items(spec, "externalIPs") if address is not UNKNOWN]
    if addresses:
        yield f"{what} takes traffic to {', '.join(addresses)} from outside. Remove externalIPs."
    if type_ == "ExternalName" and not _stays(str(at(spec, "externalName")), kubernetes.namespace(resource)):
        yield (
            f"{what} sends its clients to {at(spec, 'externalName')}. Name a Service of its own namespace, or select "
            "pods."
        )
    own = kubernetes.campaign(resource) and not kubernetes.is_patch(resource)
    if own and type_ not in ("ExternalName", UNKNOWN) and at(spec, "selector") in (None, {}):
        yield f"{what} selects no pods, so that anybody's endpoints can fill it. Set its selector."
    if type_ == "LoadBalancer":
        yield from _judge_ports(what, resource, resources)


def _stays(host: str, namespace: str) -> bool:
    """Whether a name is that of a Service in the namespace."""
    parts = host.rstrip(".").split(".")
    return len(parts) >= 3 and parts[1:3] == [namespace, "svc"]


def _judge_ports(what: str, resource: Resource, resources: list[Resource]) -> Iterator[str]:
    for port in items(resource.props, "spec", "ports"):
        targets = _targets(at(port, "targetPort"), resource, resources)
        if targets is None:
            yield (
                f"{what}: Services inside the cluster cannot be decided from the port {at(port, 'targetPort')}, which "
                "no pod of this plan names. Write the port's number."
            )
        for number in sorted({at(port, "port"), *(targets or ())} & CLOSED_PORTS.keys()):
            yield (
                f"{what} puts {CLOSED_PORTS[number]} (port {number}) on a load balancer. Take the port out, or make it "
                "a ClusterIP Service."
            )


def _targets(target: Any, resource: Resource, resources: list[Resource]) -> set[int] | None:
    """Numbers that a target port stands for; None for a name that no pod of the namespace in this plan gives."""
    if target is None or target is UNKNOWN:
        return set()
    if str(target).isdecimal():
        return {int(target)}
    found = {
        at(port, "containerPort")
        for other in resources
        if kubernetes.has_pods(other) and kubernetes.namespace(other) == kubernetes.namespace(resource)
        for container in kubernetes.containers(mapping(kubernetes.pod_template(other), "spec"))
        for port in items(container, "ports")
        if at(port, "name") == target
    }
    return {number for number in found if isinstance(number, int)} or None


RULE = stack_rule(ABOUT, judge)
