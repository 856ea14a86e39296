"""A second opinion on NetworkPolicies, straight from the manifests and written apart from the pack's evaluator."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from tests.policies.network.worlds import End, Flow, World

TESTS: dict[str, Any] = {
    "In": lambda labels, key, values: key in labels and labels[key] in values,
    "NotIn": lambda labels, key, values: key not in labels or labels[key] not in values,
    "Exists": lambda labels, key, _values: key in labels,
    "DoesNotExist": lambda labels, key, _values: key not in labels,
}


def permitted(world: World, flow: Flow, *, blocks_match_the_cluster: bool) -> bool:
    """Whether both ends let the flow through; `ipBlock` matches pods and nodes too, or only what is outside."""
    sides = (
        ("Egress", "egress", "to", flow.source, flow.destination),
        ("Ingress", "ingress", "from", flow.destination, flow.source),
    )
    for type_, rules_key, peers_key, own, other in sides:
        if own.pod is None:
            continue
        isolated, opened = False, False
        for policy in world.policies:
            spec, space = policy["spec"], policy["metadata"]["namespace"]
            if space != own.pod.namespace or not fits(spec["podSelector"], own.pod.labels):
                continue
            if type_ not in types_of(spec):
                continue
            isolated = True
            for rule in spec.get(rules_key) or []:
                peers, ports = rule.get(peers_key) or [], rule.get("ports") or []
                at_peer = [is_peer(world, peer, space, other, blocks_match_the_cluster) for peer in peers]
                at_port = [is_port(port, flow) for port in ports]
                opened |= (not peers or True in at_peer) and (not ports or True in at_port)
        if isolated and not opened:
            return False
    return True


def types_of(spec: dict[str, Any]) -> list[str]:
    """The directions of a policy, with the API server's defaults."""
    if spec.get("policyTypes"):
        return list(spec["policyTypes"])
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def fits(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(
        TESTS[expression["operator"]](labels, expression["key"], expression.get("values"))
        for expression in selector.get("matchExpressions", [])
    )


def is_peer(world: World, peer: dict[str, Any], space: str, end: End, blocks_match_the_cluster: bool) -> bool:
    if "ipBlock" in peer:
        if (end.pod is not None or end.node) and not blocks_match_the_cluster:
            return False
        held = [peer["ipBlock"]["cidr"], *peer["ipBlock"].get("except", [])]
        inside = [end.address in ip_network(cidr, strict=False) for cidr in held]
        return inside[0] and not any(inside[1:])
    if end.pod is None:
        return False
    if "namespaceSelector" in peer:
        if not fits(peer["namespaceSelector"], world.namespaces[end.pod.namespace]):
            return False
    elif end.pod.namespace != space:
        return False
    return fits(peer.get("podSelector", {}), end.pod.labels)


def is_port(port: dict[str, Any], flow: Flow) -> bool:
    if port.get("protocol", "TCP") != flow.protocol:
        return False
    wanted = port.get("port")
    if isinstance(wanted, str):
        held = flow.destination.pod.ports if flow.destination.pod else []
        there = {"name": wanted, "protocol": flow.protocol, "containerPort": flow.port}
        return there in held
    return wanted is None or wanted <= flow.port <= port.get("endPort", wanted)
