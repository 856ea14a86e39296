"""No policy of Warmlane's namespaces allows more than the list: DNS, SMTP to the public internet, producers,
Prometheus.

NetworkPolicies are additive, so one wide policy undoes every narrow one. A rule passes when each flow that it allows
lies inside one that `warmlane.isolation` makes for this very campaign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, ip_network
from typing import Any

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.plain import at, items, mapping, unknown_paths
from policies.rule import About, Resource, resource_rule
from warmlane import isolation, names

ABOUT = About(
    name="no-wide-allow",
    display_name="No wide allow",
    description="A campaign's policies allow no flow beyond DNS, public SMTP, its producers and Prometheus.",
    remediation="Take the specs from warmlane/isolation.py, and name producers in the campaign's config.",
    severity=Severity.CRITICAL,
)

CAMPAIGN_FOREIGN_KINDS = {"CiliumNetworkPolicy"}
CLUSTER_WIDE_KINDS = {
    "CiliumClusterwideNetworkPolicy",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "ClusterNetworkPolicy",
}
DIRECTIONS = (("Ingress", "ingress", "from"), ("Egress", "egress", "to"))
CAMPAIGN_LIST = (
    "a sender's list is TCP 25 to public IPv4 addresses, port 53 of the cluster's DNS pods, TCP 25 from the "
    "campaign's producers and TCP 9100 from Prometheus"
)
PLATFORM_LIST = "warmlane.isolation has the list"


def judge(resource: Resource) -> Iterator[str]:
    kind, what = kubernetes.kind(resource), kubernetes.title(resource)
    if kind in CLUSTER_WIDE_KINDS:
        yield f"{what} could open every campaign at once. Remove it, and use NetworkPolicies of one namespace."
    if kind == "NetworkPolicy" and kubernetes.namespace_unknown(resource):
        yield f"{what} has a namespace that is known only after deployment. Name the namespace in the plan."
    if kubernetes.campaign(resource) and kind in CAMPAIGN_FOREIGN_KINDS:
        yield f"{what} allows traffic beside the NetworkPolicies of {kubernetes.namespace(resource)}. Remove it."
    if kind == "NetworkPolicy":
        yield from _judge_policy(resource, what)


def _judge_policy(resource: Resource, what: str) -> Iterator[str]:
    listed = _listed(resource)
    if listed is None:
        return
    spec = at(resource.props, "spec")
    unknown = ", ".join(unknown_paths(spec, "spec"))
    if unknown:
        yield f"{what} has values that are known only after deployment ({unknown}). Make them part of the plan."
        return
    allowed_text = CAMPAIGN_LIST if kubernetes.campaign(resource) else PLATFORM_LIST
    for direction, rules_key, peers_key in DIRECTIONS:
        for rule in items(spec, rules_key):
            for peer in items(rule, peers_key) or [None]:
                for port in items(rule, "ports") or [None]:
                    flow = (direction, mapping(spec, "podSelector"), peer, port)
                    if not any(_inside(flow, allowed) for allowed in listed):
                        yield (
                            f"{what} allows {direction.lower()} {peers_key} {_peer_text(peer)} on {_port_text(port)}, "
                            f"and {allowed_text}. Narrow or remove this rule."
                        )


Flow = tuple[str, dict[str, Any], Any, Any]
"""Direction, selector of the namespace's own pods, peer and port, as they stand in a NetworkPolicy."""


def _listed(resource: Resource) -> list[Flow] | None:
    """Every flow that pods of the object's namespace are meant to have; None where the namespace is not Warmlane's."""
    namespace = kubernetes.namespace(resource)
    if kubernetes.campaign(resource):
        return _flows(_campaign_specs(resource))
    if namespace == names.MONITORING_NAMESPACE:
        environment = committed.environment(resource.stack)
        around, api_server = isolation.surroundings(environment), isolation.api_server_ranges(environment)
        return _flows(isolation.monitoring_policies(around, api_server).values())
    return [] if namespace == names.PLATFORM_NAMESPACE else None


def _campaign_specs(resource: Resource) -> list[isolation.Spec]:
    campaign_id = kubernetes.campaign(resource)
    around = isolation.surroundings(committed.environment(resource.stack))
    campaign = committed.campaign(campaign_id, resource.stack)
    return [
        isolation.dns_egress_spec(around),
        isolation.smtp_egress_spec(around),
        isolation.scrape_ingress_spec(campaign_id, around),
        *([isolation.producer_ingress_spec(campaign)] if campaign else []),
    ]


def _flows(specs: Iterable[isolation.Spec]) -> list[Flow]:
    return [
        (direction, spec["podSelector"], peer, port)
        for spec in specs
        for direction, rules_key, peers_key in DIRECTIONS
        for rule in spec.get(rules_key, [])
        for peer in rule[peers_key]
        for port in rule["ports"]
    ]


def _inside(flow: Flow, allowed: Flow) -> bool:
    direction, pods, peer, port = flow
    return (
        direction == allowed[0]
        and _selects_no_more(pods, allowed[1])
        and _peer_inside(peer, allowed[2])
        and _port_inside(port, allowed[3])
    )


def _selects_no_more(selector: Any, allowed: Any) -> bool:
    """Whether each condition that `allowed` sets is set here; more conditions only narrow a selector."""
    conditions = items(selector, "matchExpressions")
    return mapping(allowed, "matchLabels").items() <= mapping(selector, "matchLabels").items() and all(
        expression in conditions for expression in items(allowed, "matchExpressions")
    )


def _peer_inside(peer: Any, allowed: Any) -> bool:
    if not isinstance(peer, dict):
        return False
    if "ipBlock" in allowed:
        return set(peer) == {"ipBlock"} and _block_inside(peer["ipBlock"], allowed["ipBlock"])
    selectors = ("namespaceSelector", "podSelector")
    return set(peer) == set(selectors) and all(_selects_no_more(peer[key], allowed[key]) for key in selectors)


def _block_inside(block: Any, allowed: dict[str, Any]) -> bool:
    """Whether a block, less its exceptions, shares no address with what the allowed block excepts."""
    try:
        network = ip_network(str(at(block, "cidr")))
        exceptions = [IPv4Network(str(entry)) for entry in items(block, "except")]
    except ValueError:
        return False
    if not isinstance(network, IPv4Network) or not network.subnet_of(IPv4Network(allowed["cidr"])):
        return False
    return not any(_left_over(network, IPv4Network(entry), exceptions) for entry in items(allowed, "except"))


def _left_over(network: IPv4Network, forbidden: IPv4Network, exceptions: list[IPv4Network]) -> list[IPv4Network]:
    """What a network shares with a forbidden one, once the exceptions are taken out. Two CIDRs are nested or apart."""
    if not network.overlaps(forbidden):
        return []
    parts = [network if network.subnet_of(forbidden) else forbidden]
    for exception in exceptions:
        parts = [rest for part in parts for rest in _without(part, exception)]
    return parts


def _without(part: IPv4Network, exception: IPv4Network) -> list[IPv4Network]:
    if not part.overlaps(exception):
        return [part]
    return [] if part.subnet_of(exception) else list(part.address_exclude(exception))


def _port_inside(port: Any, allowed: dict[str, Any]) -> bool:
    if not isinstance(port, dict) or port.get("endPort") not in (None, port.get("port")):
        return False
    return bool(port.get("port") == allowed["port"] and port.get("protocol", "TCP") == allowed["protocol"])


def _peer_text(peer: Any) -> str:
    if peer is None:
        return "anywhere"
    block = mapping(peer, "ipBlock")
    if block:
        exceptions = ", ".join(map(str, items(block, "except")))
        return f"{block.get('cidr')} except {exceptions}" if exceptions else str(block.get("cidr"))
    labels = {key: mapping(peer, key, "matchLabels") for key in ("namespaceSelector", "podSelector")}
    where = labels["namespaceSelector"].get(isolation.NAMESPACE_LABEL)
    pods = ", ".join(f"{key}={value}" for key, value in labels["podSelector"].items()) or "any"
    place = f"namespace {where}" if where else ("any namespace" if "namespaceSelector" in peer else "its own namespace")
    return f"pods ({pods}) of {place}"


def _port_text(port: Any) -> str:
    if port is None:
        return "every port"
    last = f"-{port['endPort']}" if port.get("endPort") else ""
    return f"{port.get('protocol', 'TCP')} {port.get('port', 'every port')}{last}"


RULE = resource_rule(ABOUT, judge)
