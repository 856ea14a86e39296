"""What a sender can reach, by packets and by an independent analyzer of the live policies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.cluster import Cluster
from tests.acceptance import probes
from tests.acceptance.analyzer import Flow, flows
from tests.acceptance.probes import Target
from warmlane import names

pytestmark = pytest.mark.lab

PAIRS = [("spring-sale", "newsletter"), ("newsletter", "spring-sale")]
CONTROL = "acceptance-control"


def closed_again(cluster: Cluster, campaign: str, targets: list[Target], seconds: float) -> dict[Target, str]:
    """What is open still when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        still = {target: how for target, how in probes.tried(cluster, campaign, targets).items() if how == "open"}
        if not still or time.monotonic() > deadline:
            return still
        time.sleep(1)


@contextmanager
def opened(cluster: Cluster, *spaces: str) -> Iterator[None]:
    """Policies only add up, so one that allows everything takes the others away for a while."""
    everything = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{}], "egress": [{}]}
    kind = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    try:
        policies = [{**kind, "metadata": {"name": CONTROL, "namespace": space}, "spec": everything} for space in spaces]
        cluster.apply(policies, "warmlane-acceptance")
        yield
    finally:
        for space in spaces:
            cluster.kubectl("delete", "networkpolicy", CONTROL, "-n", space, "--ignore-not-found")


@pytest.mark.parametrize(("campaign", "other"), PAIRS)
def test_a_sender_reaches_port_25_outside_and_dns_and_nothing_else(cluster: Cluster, campaign: str, other: str) -> None:
    refused, allowed = probes.refused_targets(cluster, other), probes.allowed_targets(cluster)
    found = probes.tried(cluster, campaign, [*refused, *allowed])
    assert [target for target in refused if found[target] == "open"] == []
    assert [(target, found[target]) for target in allowed if found[target] != "open"] == []
    assert probes.resolved(cluster, campaign) == ["open"] * len(probes.RESOLVED)


def test_every_refused_connection_is_answered_once_the_policy_is_taken_away(cluster: Cluster) -> None:
    campaign, other = PAIRS[0]
    refused = probes.refused_targets(cluster, other)
    with opened(cluster, names.namespace(campaign), names.namespace(other)):
        silent = probes.until_open(cluster, campaign, refused, seconds=20)
    assert silent == {}, "nobody listens there, so these refusals prove nothing"
    assert closed_again(cluster, campaign, refused, seconds=20) == {}


def test_of_all_others_nobody_reaches_the_store(cluster: Cluster) -> None:
    """A producer's pod may go anywhere by its own namespace's rules; the store's own namespace keeps it out."""
    pods = cluster.get("/api/v1/namespaces/producers/pods")["items"]
    assert pods, "no producer: `warmlane demo` makes them"
    pod, target = pods[0]["metadata"]["name"], probes.store(cluster)
    container = pods[0]["spec"]["containers"][0]["name"]

    def outcome() -> str:
        return probes.tried_from(cluster, "producers", pod, container, [target])[target]

    assert outcome() != "open"
    with opened(cluster, names.PLATFORM_NAMESPACE):
        deadline = time.monotonic() + 20
        while (found := outcome()) != "open" and time.monotonic() < deadline:
            time.sleep(1)
        assert found == "open", "nobody listens there, so the refusal proves nothing"


def live_flows(cluster: Cluster, directory: Path) -> list[Flow]:
    """What the analyzer finds possible with the cluster's own namespaces, pods, Services and policies."""
    kinds = "namespaces,pods,services,networkpolicies"
    text = cluster.kubectl("get", kinds, "-A", "-o", "yaml", seconds=60)
    items: list[dict[str, Any]] = yaml.safe_load(text)["items"]
    file = directory / "live.yaml"
    # A pod in the node's own network is no pod to a NetworkPolicy, and the analyzer takes it for one.
    file.write_text(yaml.safe_dump_all([item for item in items if not item["spec"].get("hostNetwork")]))
    return flows(file, directory)


def carries(flow: Flow, source: str, target: Target) -> bool:
    return flow.carries(source, target.host, target.port, target.namespace)


def test_the_analyzer_comes_to_the_same_verdicts(cluster: Cluster, tmp_path: Path) -> None:
    found = live_flows(cluster, tmp_path)
    assert found, "the analyzer found no flow at all"
    for campaign, other in PAIRS:
        source, own = names.namespace(campaign), probes.refused_targets(cluster, campaign)[0]
        assert any(carries(flow, "producers", own) for flow in found), f"producers to {own}"
        for target in probes.refused_targets(cluster, other):
            assert not any(carries(flow, source, target) for flow in found), f"{campaign} to {target}"
        for target in probes.allowed_targets(cluster):
            assert any(carries(flow, source, target) for flow in found), f"{campaign} to {target}"
    assert not any(carries(flow, "producers", probes.store(cluster)) for flow in found), "producers to the store"
