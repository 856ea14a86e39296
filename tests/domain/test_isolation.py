"""Isolation, as an independent analyzer (`nca`) reads the policies, for every address at once."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from warmlane import isolation, labels, names
from warmlane.config import load_campaign, read_environment

ROOT = Path(__file__).resolve().parents[2]
NCA = Path(sys.executable).parent / "nca"
CAMPAIGNS = {"spring-sale": "amber", "newsletter": "birch"}
ENVIRONMENT = read_environment(ROOT, "dev")
AROUND = isolation.surroundings(ENVIRONMENT)
Manifest = dict[str, Any]


def policies(campaign: str) -> dict[str, Any]:
    specs = isolation.campaign_policies(load_campaign(ROOT, campaign, "dev"), AROUND)
    return {**specs, names.SMTP_EGRESS_POLICY: isolation.smtp_egress_spec(AROUND)}


def namespace(name: str, **pods: dict[str, str]) -> list[Manifest]:
    """A namespace with pods of the given labels."""
    campaign = {labels.CAMPAIGN: name} if name.startswith(names.NAMESPACE_PREFIX) else {}
    own = {"name": name, "labels": {isolation.NAMESPACE_LABEL: name, **campaign}}
    containers = {"containers": [{"name": "c", "image": "i"}]}
    made = [
        {"kind": "Pod", "metadata": {"name": pod, "namespace": name, "labels": pod_labels}, "spec": containers}
        for pod, pod_labels in pods.items()
    ]
    return [{"apiVersion": "v1", **manifest} for manifest in [{"kind": "Namespace", "metadata": own}, *made]]


def network_policies(where: str, specs: dict[str, Any]) -> list[Manifest]:
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": where},
            "spec": spec,
        }
        for name, spec in specs.items()
    ]


def world() -> list[Manifest]:
    made = [
        *namespace("kube-system", dns={"k8s-app": "kube-dns"}, other={"k8s-app": "other"}),
        *namespace("producers", sale={"app": "spring-sale-producer"}, news={"app": "newsletter-producer"}),
        *namespace(
            names.MONITORING_NAMESPACE,
            prometheus=labels.platform("prometheus", "monitoring", "dev"),
            alertmanager=labels.platform("alertmanager", "monitoring", "dev"),
            grafana=labels.platform("grafana", "monitoring", "dev"),
        ),
        *network_policies(names.MONITORING_NAMESPACE, isolation.monitoring_policies(AROUND)),
    ]
    for campaign, lane in CAMPAIGNS.items():
        where = names.namespace(campaign)
        made += namespace(where, sender=labels.campaign(campaign, lane, "sender"))
        made += network_policies(where, policies(campaign))
    return made


def flows(manifests: list[Manifest], directory: Path) -> set[str]:
    """Flows that the analyzer finds possible, one text line each, without those between other namespaces."""
    file = directory / "all.yaml"
    file.write_text(yaml.safe_dump_all(manifests))
    command = [str(NCA), "--connectivity", "-r", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = [line for line in result.stdout.splitlines() if line.startswith("src")]
    return {line for line in found if names.NAMESPACE_PREFIX in line or names.MONITORING_NAMESPACE in line}


def public() -> str:
    """The public addresses as the analyzer writes them."""
    edges = [(int(net.network_address), int(net.broadcast_address)) for net in AROUND.blocked]
    edges.append((2**32, 2**32))
    ranges, start = [], 0
    for first, last in edges:
        if first > start:
            ranges.append(f"{IPv4Address(start)}-{IPv4Address(first - 1)}")
        start = last + 1
    return ",".join(ranges)


BOTH = "[campaign-newsletter,campaign-spring-sale]"
MONITORING = f"[{names.MONITORING_NAMESPACE}]"
EXPECTED = {
    f"src_ns: {BOTH} src_pods: [*] dst: {public()} conn: {{protocols:TCP,dst_ports:25}}",
    f"src_ns: [campaign-newsletter,campaign-spring-sale,{names.MONITORING_NAMESPACE}] src_pods: [*] "
    "dst_ns: [kube-system] dst_pods: [dns] conn: {protocols:TCP, UDP,dst_ports:53}",
    "src_ns: [campaign-newsletter] src_pods: [*] dst_ns: [campaign-newsletter] dst_pods: [*] "
    "conn: {protocols:TCP,dst_ports:8026}",
    "src_ns: [campaign-spring-sale] src_pods: [*] dst_ns: [campaign-spring-sale] dst_pods: [*] "
    "conn: {protocols:TCP,dst_ports:8026}",
    "src_ns: [producers] src_pods: [news] dst_ns: [campaign-newsletter] dst_pods: [*] "
    "conn: {protocols:TCP,dst_ports:25}",
    "src_ns: [producers] src_pods: [sale] dst_ns: [campaign-spring-sale] dst_pods: [*] "
    "conn: {protocols:TCP,dst_ports:25}",
    f"src_ns: {MONITORING} src_pods: [prometheus] dst_ns: {BOTH} dst_pods: [*] conn: {{protocols:TCP,dst_ports:9100}}",
    f"src_ns: {MONITORING} src_pods: [prometheus] dst_ns: {MONITORING} dst_pods: [alertmanager] "
    "conn: {protocols:TCP,dst_ports:9093}",
    f"src_ns: {MONITORING} src_pods: [grafana] dst_ns: {MONITORING} dst_pods: [prometheus] "
    "conn: {protocols:TCP,dst_ports:9090}",
}


def test_nothing_but_the_listed_flows_is_possible(tmp_path: Path) -> None:
    assert flows(world(), tmp_path) == EXPECTED


def policy(manifests: list[Manifest], name: str) -> Manifest:
    where = names.namespace("spring-sale")
    found = [item for item in manifests if item["metadata"] | {"name": name, "namespace": where} == item["metadata"]]
    return next(item for item in found if item["kind"] == "NetworkPolicy")


def drop_exception(manifests: list[Manifest]) -> None:
    policy(manifests, "smtp-egress")["spec"]["egress"][0]["to"][0]["ipBlock"]["except"].remove("169.254.0.0/16")


def open_default_deny(manifests: list[Manifest]) -> None:
    policy(manifests, "default-deny")["spec"]["ingress"] = [{}]


def open_port(manifests: list[Manifest]) -> None:
    policy(manifests, "smtp-egress")["spec"]["egress"][0]["ports"] = []


def swap_label(manifests: list[Manifest]) -> None:
    peer = policy(manifests, "producer-ingress")["spec"]["ingress"][0]["from"][0]
    peer["podSelector"]["matchLabels"] = {"app": "newsletter-producer"}


def any_name_server(manifests: list[Manifest]) -> None:
    del policy(manifests, "dns-egress")["spec"]["egress"][0]["to"][0]["podSelector"]


def scrape_from_everywhere(manifests: list[Manifest]) -> None:
    del policy(manifests, "scrape-ingress")["spec"]["ingress"][0]["from"]


@pytest.mark.parametrize(
    "mutate", [drop_exception, open_default_deny, open_port, swap_label, any_name_server, scrape_from_everywhere]
)
def test_the_analyzer_sees_each_mutant(tmp_path: Path, mutate: Callable[[list[Manifest]], None]) -> None:
    manifests = copy.deepcopy(world())
    mutate(manifests)
    assert flows(manifests, tmp_path) != EXPECTED, f"{mutate.__name__} changes what is possible and must be seen"


@given(st.sampled_from((*isolation.NEVER_PUBLIC, *AROUND.blocked)), st.integers(0, 2**32 - 1))
def test_smtp_reaches_no_address_of_a_blocked_range(network: IPv4Network, offset: int) -> None:
    address = network[offset % network.num_addresses]
    block = isolation.smtp_egress_spec(AROUND)["egress"][0]["to"][0]["ipBlock"]
    assert any(address in IPv4Network(entry) for entry in block["except"]), f"{address} must stand in the exceptions"


def test_networks_of_the_environment_are_blocked() -> None:
    changed = ENVIRONMENT.cluster.networks.model_copy(update={"vpc": [IPv4Network("8.8.8.0/24")]})
    cluster = ENVIRONMENT.cluster.model_copy(update={"networks": changed})
    around = isolation.surroundings(ENVIRONMENT.model_copy(update={"cluster": cluster}))
    assert IPv4Network("8.8.8.0/24") in around.blocked


def test_api_server_is_reached_by_address_where_the_cni_matches_addresses() -> None:
    ranges = [IPv4Network("198.51.100.0/24")]
    spec = isolation.monitoring_policies(AROUND, ranges)["prometheus-api-server"]
    assert spec["egress"][0]["to"] == [{"ipBlock": {"cidr": "198.51.100.0/24"}}]
    assert "prometheus-api-server" not in isolation.monitoring_policies(AROUND), "Cilium matches no node by address"
