"""The network policies that keep campaigns apart, as pure functions.

Programs declare what these return, the policy pack and the tests judge it, and nobody else writes a rule.
NetworkPolicies only ever allow, so what a namespace may do is the union of its policies. No rule names an IPv6 range:
IPv6 stays closed.

`ipBlock` is read in two ways: Cilium never matches pods or nodes by it, AWS' VPC CNI matches by address alone. The
list of blocked ranges is therefore complete for the stricter need: pods, services and nodes stand in it as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from typing import Any

from warmlane import labels, names
from warmlane.campaign import Campaign
from warmlane.environment import Cni, Environment

ANYWHERE = IPv4Network("0.0.0.0/0")
DNS_PORT = 53
API_SERVER_PORTS = (443, 6443)
PROMETHEUS_PORT = 9090
ALERTMANAGER_PORT = 9093
GRAFANA_PORT = 3000
NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Label that the API server itself puts on every namespace; nobody can forge it."""

NEVER_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 6890)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598); also pods of some clusters
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local: the cloud's metadata service
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks between networks
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
"""Ranges in which no mailbox provider lives (IANA special-purpose registry)."""

Spec = dict[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What surrounds a campaign's namespace.

    `blocked` are ranges that no sender may reach, sorted, without one that lies inside another.
    """

    blocked: tuple[IPv4Network, ...]
    dns_namespace: str
    dns_labels: Mapping[str, str]
    monitoring_namespace: str
    prometheus_labels: Mapping[str, str]


def service_labels(name: str, component: str) -> dict[str, str]:
    """Labels by which policies know the pods of a service of the environment."""
    every = labels.platform(name, component, "any")
    return {key: every[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/component")}


def monitoring_labels(name: str) -> dict[str, str]:
    """Labels by which policies know the pods of `prometheus`, `alertmanager` or `grafana`."""
    return service_labels(name, "monitoring")


STORE_LABELS = service_labels(names.STORE, "store")


def surroundings(environment: Environment) -> Surroundings:
    """The surroundings of every campaign of an environment."""
    networks = environment.cluster.networks
    own = (*networks.pods, *networks.services, *networks.nodes, *networks.vpc)
    lanes = tuple(lane.subnet for lane in environment.lanes.values() if lane.subnet)
    return Surroundings(
        blocked=tuple(sorted(collapse_addresses((*NEVER_PUBLIC, *own, *lanes)))),
        dns_namespace=environment.cluster.dns_namespace,
        dns_labels=dict(environment.cluster.dns_labels),
        monitoring_namespace=names.MONITORING_NAMESPACE,
        prometheus_labels=monitoring_labels("prometheus"),
    )


def _pods(namespace: str, pod_labels: Mapping[str, str]) -> Spec:
    return {
        "namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: namespace}},
        "podSelector": {"matchLabels": dict(pod_labels)},
    }


def _tcp(*ports: int) -> list[Spec]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def default_deny_spec() -> Spec:
    """Every pod of the namespace, both ways, nothing allowed."""
    return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def dns_egress_spec(around: Surroundings) -> Spec:
    """Every pod may ask the cluster's own DNS pods, and no other name server."""
    ports = [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [_pods(around.dns_namespace, around.dns_labels)], "ports": ports}],
    }


def smtp_egress_spec(around: Surroundings) -> Spec:
    """Every pod may reach TCP 25 of the public internet. Without this policy a campaign sends nothing."""
    block = {"cidr": str(ANYWHERE), "except": [str(network) for network in around.blocked]}
    return {
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"ipBlock": block}], "ports": _tcp(names.SMTP_PORT)}],
    }


def _sender(campaign_id: str) -> Spec:
    return {"matchLabels": {"app": names.app(campaign_id)}}


def producer_ingress_spec(campaign: Campaign) -> Spec:
    """The campaign's producers may submit to its sender on TCP 25."""
    producers = [_pods(producer.namespace, producer.pod_labels) for producer in campaign.producers]
    return {
        "podSelector": _sender(campaign.id),
        "policyTypes": ["Ingress"],
        "ingress": [{"from": producers, "ports": _tcp(names.SMTP_PORT)}],
    }


def scrape_ingress_spec(campaign_id: str, around: Surroundings) -> Spec:
    """Prometheus may read the sender's metrics on TCP 9100."""
    prometheus = [_pods(around.monitoring_namespace, around.prometheus_labels)]
    return {
        "podSelector": _sender(campaign_id),
        "policyTypes": ["Ingress"],
        "ingress": [{"from": prometheus, "ports": _tcp(names.METRICS_PORT)}],
    }


def store_egress_spec(campaign_id: str) -> Spec:
    """The campaign's sender may reach the platform's store on TCP 5432."""
    return {
        "podSelector": _sender(campaign_id),
        "policyTypes": ["Egress"],
        "egress": [{"to": [_pods(names.PLATFORM_NAMESPACE, STORE_LABELS)], "ports": _tcp(names.STORE_PORT)}],
    }


def siblings_spec(campaign_id: str) -> Spec:
    """The campaign's sender pods may reach one another on TCP 8026, where one that stops hands over its queue."""
    pods = [_pods(names.namespace(campaign_id), {"app": names.app(campaign_id)})]
    return {
        "podSelector": _sender(campaign_id),
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": pods, "ports": _tcp(names.SIBLINGS_PORT)}],
        "egress": [{"to": pods, "ports": _tcp(names.SIBLINGS_PORT)}],
    }


def campaign_policies(campaign: Campaign, around: Surroundings) -> dict[str, Spec]:
    """By name, the policies of a campaign's namespace, without `smtp-egress`: that one has an owner of its own."""
    return {
        names.DEFAULT_DENY_POLICY: default_deny_spec(),
        "dns-egress": dns_egress_spec(around),
        "producer-ingress": producer_ingress_spec(campaign),
        "scrape-ingress": scrape_ingress_spec(campaign.id, around),
        "store-egress": store_egress_spec(campaign.id),
        "sibling-handover": siblings_spec(campaign.id),
    }


def _senders() -> Spec:
    """The senders of every campaign."""
    return {
        "namespaceSelector": {"matchExpressions": [{"key": labels.CAMPAIGN, "operator": "Exists"}]},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "email-sender"}},
    }


def store_from_senders_spec() -> Spec:
    """The store takes connections of every campaign's sender on TCP 5432, and of nobody else."""
    return {
        "podSelector": {"matchLabels": STORE_LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [_senders()], "ports": _tcp(names.STORE_PORT)}],
    }


def _flow(namespace: str, source: str, target: str, port: int) -> dict[str, Spec]:
    """Two policies that let `source` reach `target` on a TCP port, both pods of the monitoring namespace."""
    return {
        f"{source}-to-{target}": {
            "podSelector": {"matchLabels": monitoring_labels(source)},
            "policyTypes": ["Egress"],
            "egress": [{"to": [_pods(namespace, monitoring_labels(target))], "ports": _tcp(port)}],
        },
        f"{target}-from-{source}": {
            "podSelector": {"matchLabels": monitoring_labels(target)},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [_pods(namespace, monitoring_labels(source))], "ports": _tcp(port)}],
        },
    }


def api_server_ranges(environment: Environment) -> tuple[IPv4Network, ...]:
    """Ranges in which the Kubernetes API is reached, for a CNI that matches by address; empty on Cilium."""
    if environment.cluster.cni is Cni.CILIUM:
        return ()
    networks = environment.cluster.networks
    return (*networks.services, *networks.nodes, *networks.vpc)


def monitoring_policies(around: Surroundings, api_server: Sequence[IPv4Network] = ()) -> dict[str, Spec]:
    """By name, the policies of the monitoring namespace.

    `api_server` are ranges in which the Kubernetes API is reached where the CNI matches by address; on Cilium leave it
    empty and declare `api_server_cilium_spec()`, since an `ipBlock` never matches a node there.
    """
    namespace, prometheus = around.monitoring_namespace, {"matchLabels": dict(around.prometheus_labels)}
    policies = {
        names.DEFAULT_DENY_POLICY: default_deny_spec(),
        "dns-egress": dns_egress_spec(around),
        "scrape-egress": {
            "podSelector": prometheus,
            "policyTypes": ["Egress"],
            "egress": [{"to": [_senders()], "ports": _tcp(names.METRICS_PORT)}],
        },
        **_flow(namespace, "prometheus", "alertmanager", ALERTMANAGER_PORT),
        **_flow(namespace, "grafana", "prometheus", PROMETHEUS_PORT),
    }
    if api_server:
        policies["prometheus-api-server"] = {
            "podSelector": prometheus,
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [{"ipBlock": {"cidr": str(network)}} for network in api_server],
                    "ports": _tcp(*API_SERVER_PORTS),
                }
            ],
        }
    return policies


def api_server_cilium_spec(around: Surroundings) -> Spec:
    """Spec of the CiliumNetworkPolicy `prometheus-api-server`: Prometheus asks the Kubernetes API for targets."""
    ports = [{"port": str(port), "protocol": "TCP"} for port in API_SERVER_PORTS]
    return {
        "endpointSelector": {"matchLabels": dict(around.prometheus_labels)},
        "egress": [{"toEntities": ["kube-apiserver", "host", "remote-node"], "toPorts": [{"ports": ports}]}],
    }
