"""The list: every flow that pods of one of Warmlane's namespaces are meant to have.

It is written down here a second time, from the committed configuration alone: a change that widens
`warmlane/isolation.py` is judged by the old list until somebody widens this one too, and says why.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

from policies import committed
from policies.network.excess import flows
from policies.network.sets import Box
from policies.network.spec import read_policy
from warmlane import names
from warmlane.campaign import Campaign
from warmlane.environment import Cni, Environment

Spec = dict[str, Any]

NEVER_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
"""IANA's special-purpose registry (RFC 6890), multicast and reserved space: no mailbox provider lives there."""
EVERYTHING = "0.0.0.0/0"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
NAME_LABEL, PART_LABEL = "app.kubernetes.io/name", "app.kubernetes.io/component"
SMTP, METRICS, DNS, STORE, HANDOVER = 25, 9100, 53, 5432, 8026
PROMETHEUS, ALERTMANAGER = 9090, 9093
API_SERVER = (443, 6443)
STORE_LABELS = {NAME_LABEL: "store", PART_LABEL: "store"}
SENDERS: Spec = {
    "namespaceSelector": {"matchExpressions": [{"key": "warmlane.dev/campaign", "operator": "Exists"}]},
    "podSelector": {"matchLabels": {NAME_LABEL: "email-sender"}},
}
"""The senders of every campaign."""


def listed(namespace: str, stack: str) -> list[Box] | None:
    """What the policies of a namespace may allow at most; None where the namespace is not Warmlane's.

    A campaign's list holds the way out that its guardian opens and closes (`smtp-egress`), so that what Pulumi declares
    is judged together with it. Raises ConfigError where the environment or the campaign is not sound.
    """
    campaign_id = namespace.removeprefix(names.NAMESPACE_PREFIX)
    is_campaign = namespace == names.namespace(campaign_id)
    if not is_campaign and namespace not in (names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE):
        return None
    campaign = committed.campaign(campaign_id, stack) if is_campaign else None
    written = (namespace, committed.environment(stack), campaign)
    if len(_last.written) != len(written) or any(a is not b for a, b in zip(_last.written, written, strict=True)):
        _last.written, _last.found = written, _boxes(*written)
    return _last.found


class _Last(threading.local):
    """The list that was made last in a thread, and what of: policies of one namespace come one after the other."""

    written: tuple[object, ...] = ()
    found: list[Box]


_last = _Last()


def _boxes(namespace: str, environment: Environment, campaign: Campaign | None) -> list[Box]:
    if namespace == names.PLATFORM_NAMESPACE:
        specs = [_in(STORE_LABELS, [SENDERS], STORE)]
    elif namespace == names.MONITORING_NAMESPACE:
        specs = _monitoring(environment)
    else:
        specs = _campaign(namespace.removeprefix(names.NAMESPACE_PREFIX), environment, campaign)
    return flows([read_policy(namespace, f"listed-{index}", spec) for index, spec in enumerate(specs)])


def _campaign(campaign_id: str, environment: Environment, campaign: Campaign | None) -> list[Spec]:
    networks = environment.cluster.networks
    lanes = [lane.subnet for lane in environment.lanes.values() if lane.subnet]
    inside = [*networks.pods, *networks.services, *networks.nodes, *networks.vpc, *lanes]
    closed = [str(network) for network in collapse_addresses([*NEVER_PUBLIC, *inside])]
    sender = {"app": names.app(campaign_id)}
    siblings = [_pods({NAMESPACE_LABEL: names.namespace(campaign_id)}, sender)]
    producers = campaign.producers if campaign else []
    return [
        _dns(environment),
        _out({}, [{"ipBlock": {"cidr": EVERYTHING, "except": closed}}], SMTP),
        _in(sender, [_pods({NAMESPACE_LABEL: one.namespace}, one.pod_labels) for one in producers], SMTP),
        _in(sender, [_monitor("prometheus")], METRICS),
        _out(sender, [_pods({NAMESPACE_LABEL: names.PLATFORM_NAMESPACE}, STORE_LABELS)], STORE),
        _out(sender, siblings, HANDOVER),
        _in(sender, siblings, HANDOVER),
    ]


def _monitoring(environment: Environment) -> list[Spec]:
    networks = environment.cluster.networks
    found = [_dns(environment), _out(_labels("prometheus"), [SENDERS], METRICS)]
    pairs = (("prometheus", "alertmanager", ALERTMANAGER), ("grafana", "prometheus", PROMETHEUS))
    for source, target, port in pairs:
        found += [
            _out(_labels(source), [_monitor(target)], port),
            _in(_labels(target), [_monitor(source)], port),
        ]
    if environment.cluster.cni is not Cni.CILIUM:
        # Cilium never matches a node by address, so there a CiliumNetworkPolicy of its own opens the API server.
        ranges = [{"ipBlock": {"cidr": str(one)}} for one in (*networks.services, *networks.nodes, *networks.vpc)]
        found.append(_out(_labels("prometheus"), ranges, *API_SERVER))
    return found


def _labels(name: str) -> dict[str, str]:
    return {NAME_LABEL: name, PART_LABEL: "monitoring"}


def _monitor(name: str) -> Spec:
    return _pods({NAMESPACE_LABEL: names.MONITORING_NAMESPACE}, _labels(name))


def _pods(namespace: Mapping[str, str], pods: Mapping[str, str]) -> Spec:
    return {"namespaceSelector": {"matchLabels": dict(namespace)}, "podSelector": {"matchLabels": dict(pods)}}


def _dns(environment: Environment) -> Spec:
    cluster = environment.cluster
    ports = [{"protocol": protocol, "port": DNS} for protocol in ("UDP", "TCP")]
    servers = [_pods({NAMESPACE_LABEL: cluster.dns_namespace}, cluster.dns_labels)]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": servers, "ports": ports}]}


def _out(pods: Mapping[str, str], peers: list[Spec], *ports: int) -> Spec:
    rule = {"to": peers, "ports": [{"protocol": "TCP", "port": port} for port in ports]}
    return {"podSelector": {"matchLabels": dict(pods)}, "policyTypes": ["Egress"], "egress": [rule]}


def _in(pods: Mapping[str, str], peers: list[Spec], *ports: int) -> Spec:
    # Without a peer the rule would let everybody in.
    rules = [{"from": peers, "ports": [{"protocol": "TCP", "port": port} for port in ports]}] if peers else []
    return {"podSelector": {"matchLabels": dict(pods)}, "policyTypes": ["Ingress"], "ingress": rules}
