"""Bad configuration is refused with every problem at once, each with file, key, value and what is allowed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from warmlane.config import (
    campaign_stacks,
    check_campaign,
    load_campaign,
    parse_campaign,
    parse_environment,
)
from warmlane.errors import ConfigError, Problem

ROOT = Path(__file__).resolve().parents[2]
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def environment() -> dict[str, Any]:
    return copy.deepcopy(yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]["warmlane:environment"])


@pytest.fixture
def campaign() -> dict[str, Any]:
    text = (ROOT / "campaigns/Pulumi.spring-sale.dev.yaml").read_text()
    return copy.deepcopy(yaml.safe_load(text)["config"]["warmlane:campaign"])


def refused(parse: Callable[[object, str], object], data: object) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        parse(data, "the-file.yaml")
    assert str(caught.value).startswith("the-file.yaml: "), "the file must be named first"
    for problem in caught.value.problems:
        assert str(problem) in str(caught.value), "every problem must stand in the message"
        assert problem.allowed, f"{problem.key} must say what is allowed"
        assert "Input should" not in problem.allowed, "pydantic's own words are not for people"
    return caught.value.problems


def nat_gateway(data: dict[str, Any]) -> None:
    del data["spool"]
    data["egress"] = {
        "strategy": "nat_gateway",
        "vpc_id": "vpc-1",
        "public_subnet_ids": {"eu-central-1a": "subnet-1", "eu-central-1b": "subnet-2"},
    }
    data["cluster"].update(cni="vpc_cni", eks_cluster_name="mail", node_role_arn="arn:aws:iam::1:role/nodes")
    data["cluster"]["networks"]["vpc"] = ["172.20.0.0/16"]
    for index, lane in enumerate(data["lanes"].values()):
        lane.update(zone="eu-central-1a", subnet=f"172.20.{index}.0/24")


def external(data: dict[str, Any]) -> None:
    data["egress"] = {"strategy": "external"}
    del data["aws"]
    for index, (lane_id, lane) in enumerate(data["lanes"].items()):
        lane.update(address=f"203.0.113.{100 + index}", node_labels={"lane": lane_id})


def deleted(mapping: dict[str, Any], key: str) -> None:
    del mapping[key]


ENVIRONMENT_SLIPS: list[tuple[str, Change, str, str, str]] = [
    ("unknown key", lambda d: d.update(lane={}), "lane", "{}", "did you mean lanes?"),
    ("unknown nested key", lambda d: d["cluster"].update(cnii="x"), "cluster.cnii", '"x"', "did you mean cni?"),
    ("wrong type", lambda d: d.update(lanes=[]), "lanes", "[]", "a mapping of keys to values"),
    ("wrong scalar", lambda d: d["aws"].update(zone_id=5), "aws.zone_id", "5", "put it in quotes"),
    ("wrong choice", lambda d: d["cluster"].update(cni="calico"), "cluster.cni", '"calico"', "cilium, vpc_cni, other"),
    ("no date", lambda d: d["lanes"]["amber"].update(started="soon"), "lanes.amber.started", '"soon"', "YYYY-MM-DD"),
    (
        "below zero",
        lambda d: d["lanes"]["amber"].update(sending_days=-1),
        "lanes.amber.sending_days",
        "-1",
        "at least 0",
    ),
    ("missing", lambda d: deleted(d, "domain"), "domain", "", "required: Parent domain"),
    (
        "long lane id",
        lambda d: d["lanes"].update({"a" * 25: d["lanes"]["amber"]}),
        f"lanes.{'a' * 25}",
        f'"{"a" * 25}"',
        "1 to 24",
    ),
    (
        "unknown lane",
        lambda d: d["leases"]["newsletter"].update(lane="teal"),
        "leases.newsletter.lane",
        '"teal"',
        "amber, birch",
    ),
    (
        "lane leased twice",
        lambda d: d["leases"]["newsletter"].update(lane="amber"),
        "leases.newsletter.lane",
        '"amber"',
        "spring-sale holds amber",
    ),
    (
        "strategy",
        lambda d: d.update(egress={"strategy": "smarthost"}),
        "egress.strategy",
        '"smarthost"',
        "nat_gateway, cilium_gateway",
    ),
    ("no strategy", lambda d: d.update(egress={}), "egress", "", "name its strategy"),
    ("aws missing", lambda d: deleted(d, "aws"), "aws", "", "cilium_gateway needs it"),
    (
        "gateway without Cilium",
        lambda d: d["cluster"].update(cni="vpc_cni"),
        "cluster.cni",
        '"vpc_cni"',
        "needs cilium",
    ),
    (
        "gateway's ENI",
        lambda d: d["egress"].update(network_interface_id="eni-1"),
        "lanes.amber.private_address",
        "",
        "needs it",
    ),
    (
        "private address without an ENI",
        lambda d: d["lanes"]["amber"].update(private_address="10.0.0.5"),
        "lanes.amber.private_address",
        '"10.0.0.5"',
        "only egress.strategy cilium_gateway with a network_interface_id",
    ),
    (
        "no room for a lane's host",
        lambda d: d.update(domain=".".join(["d" * 56] * 4) + ".x"),
        "domain",
        f'"{".".join(["d" * 56] * 4)}.x"',
        "at most 228 characters",
    ),
    (
        "DNS in a campaign",
        lambda d: d["cluster"].update(dns_namespace="campaign-newsletter"),
        "cluster.dns_namespace",
        '"campaign-newsletter"',
        "outside Warmlane's namespaces",
    ),
    ("no DNS namespace", lambda d: d["cluster"].update(dns_namespace=""), "cluster.dns_namespace", '""', "RFC 1123"),
    ("no size", lambda d: d["store"].update(storage="0Gi"), "store.storage", '"0Gi"', "such as 10Gi"),
    (
        "address of a gateway lane",
        lambda d: d["lanes"]["amber"].update(address="192.0.2.9"),
        "lanes.amber.address",
        '"192.0.2.9"',
        "only external",
    ),
    (
        "host bits",
        lambda d: d["cluster"]["networks"].update(nodes=["198.51.100.1/24"]),
        "cluster.networks.nodes.0",
        '"198.51.100.1/24"',
        "without host bits",
    ),
    ("tag", lambda d: d.update(images={"sender": "a:1"}), "images.sender", '"a:1"', "image by digest"),
    ("two homes of images", lambda d: d.update(images={}), "images_file", '".lab/images.json"', "one place"),
    (
        "lease before its lane",
        lambda d: d["leases"]["newsletter"].update(since="2026-01-01"),
        "leases.newsletter.since",
        '"2026-01-01"',
        "2026-11-02",
    ),
]


@pytest.mark.parametrize(
    ("change", "key", "value", "allowed"),
    [slip[1:] for slip in ENVIRONMENT_SLIPS],
    ids=[slip[0] for slip in ENVIRONMENT_SLIPS],
)
def test_environment_slip(environment: dict[str, Any], change: Change, key: str, value: str, allowed: str) -> None:
    change(environment)
    found = {problem.key: problem for problem in refused(parse_environment, environment)}
    assert key in found, f"the slip must be reported under its own key; reported: {sorted(found)}"
    assert found[key].value == value
    assert allowed in found[key].allowed


CAMPAIGN_SLIPS: list[tuple[str, Change, str, str]] = [
    ("long id", lambda d: d.update(id="x" * 70), "id", "1 to 24 of a-z"),
    ("wrong type", lambda d: d.update(daily_volume="many"), "daily_volume", "a whole number from 1 to 10000000"),
    ("too much", lambda d: d.update(daily_volume=20_000_000), "daily_volume", "from 1 to 10000000"),
    ("plan", lambda d: d.update(plan="fast"), "plan", "conservative, moderate, aggressive"),
    ("plain http", lambda d: d.update(unsubscribe_url="http://a.test/"), "unsubscribe_url", "https://"),
    ("no producer", lambda d: d.update(producers=[]), "producers", "at least one entry"),
    (
        "producer without labels",
        lambda d: d["producers"][0].update(pod_labels={}),
        "producers.0.pod_labels",
        "at least one entry",
    ),
    (
        "producer in a campaign",
        lambda d: d["producers"][0].update(namespace="campaign-b"),
        "producers.0.namespace",
        "outside Warmlane's namespaces",
    ),
    ("replicas", lambda d: d.update(sender={"replicas": 0}), "sender.replicas", "from 1 to 10"),
    ("owner", lambda d: d.update(owner="me"), "owner", "a mapping"),
    (
        "consent",
        lambda d: d["recipients"].update(consent_source="bought"),
        "recipients.consent_source",
        "confirmed_opt_in",
    ),
]


@pytest.mark.parametrize(
    ("change", "key", "allowed"), [slip[1:] for slip in CAMPAIGN_SLIPS], ids=[slip[0] for slip in CAMPAIGN_SLIPS]
)
def test_campaign_slip(campaign: dict[str, Any], change: Change, key: str, allowed: str) -> None:
    change(campaign)
    found = {problem.key: problem for problem in refused(parse_campaign, campaign)}
    assert list(found) == [key], "one slip is one problem, under its own key"
    assert allowed in found[key].allowed


def test_every_problem_is_reported_at_once(environment: dict[str, Any]) -> None:
    environment["domian"] = environment.pop("domain")
    environment["lanes"]["amber"]["started"] = 7
    environment["leases"]["third"] = {"lane": "teal", "since": "2026-11-02"}
    environment["leases"]["newsletter"]["lane"] = "amber"
    keys = {problem.key for problem in refused(parse_environment, environment)}
    assert keys == {"domain", "domian", "lanes.amber.started", "leases.third.lane", "leases.newsletter.lane"}


def test_overlapping_cluster_ranges(environment: dict[str, Any]) -> None:
    environment["cluster"]["networks"]["services"] = ["10.244.128.0/20"]
    (problem,) = refused(parse_environment, environment)
    assert "services 10.244.128.0/20 overlaps pods 10.244.0.0/16" in problem.allowed


@pytest.mark.parametrize("vpc", [["0.0.0.0/0"], ["0.0.0.0/1", "128.0.0.0/1"]], ids=["one range", "two halves"])
def test_networks_that_leave_mail_nowhere_to_go(environment: dict[str, Any], vpc: list[str]) -> None:
    environment["cluster"]["networks"]["vpc"] = vpc
    (problem,) = refused(parse_environment, environment)
    assert "together cover 0.0.0.0/0, so mail could go nowhere" in problem.allowed
    environment["cluster"]["networks"]["vpc"] = vpc[1:]
    parse_environment(environment, "the-file.yaml")


@pytest.mark.parametrize("data", [None, [], "text", 5], ids=["nothing", "list", "text", "number"])
def test_a_document_that_is_no_mapping(data: object) -> None:
    assert [problem.key for problem in refused(parse_environment, data)] == [""]
    assert [problem.key for problem in refused(parse_campaign, data)] == [""]


def test_nat_gateway_accepted_and_its_needs(environment: dict[str, Any]) -> None:
    nat_gateway(environment)
    parse_environment(environment, "the-file.yaml")
    del environment["lanes"]["amber"]["zone"], environment["cluster"]["node_role_arn"]
    environment["lanes"]["birch"].update(zone="eu-central-1c", subnet="10.9.0.0/24")
    keys = {problem.key for problem in refused(parse_environment, environment)}
    assert keys == {"lanes.amber.zone", "cluster.node_role_arn", "lanes.birch.zone", "lanes.birch.subnet"}


def test_a_lane_of_several_nodes_needs_a_volume_that_they_share(environment: dict[str, Any]) -> None:
    nat_gateway(environment)
    environment["spool"] = {"exported": {"access_mode": "ReadWriteOnce"}}
    (problem,) = refused(parse_environment, environment)
    assert "ReadWriteOnce is for one node" in problem.allowed


def test_lane_subnets_are_apart(environment: dict[str, Any]) -> None:
    nat_gateway(environment)
    environment["lanes"]["birch"]["subnet"] = "172.20.0.128/25"
    (problem,) = refused(parse_environment, environment)
    assert problem.key == "lanes.birch.subnet"
    assert "172.20.0.0/24 of lanes.amber.subnet" in problem.allowed


def test_external_accepted_and_its_needs(environment: dict[str, Any]) -> None:
    external(environment)
    parse_environment(environment, "the-file.yaml")
    del environment["lanes"]["amber"]["address"]
    environment["lanes"]["birch"]["node_labels"] = environment["lanes"]["amber"]["node_labels"]
    keys = [problem.key for problem in refused(parse_environment, environment)]
    assert keys == ["lanes.amber.address", "lanes.birch.node_labels"]


def test_open_incident_bars_another_lane(environment: dict[str, Any]) -> None:
    incident = {"occurred": "2026-10-20", "campaign": "newsletter", "what": "Hard bounces of a bought list."}
    environment["lanes"]["amber"]["incidents"] = [incident]
    (problem,) = refused(parse_environment, environment)
    assert problem.key == "leases.newsletter.lane"
    incident["remediation"] = "The list was confirmed again."
    parse_environment(environment, "the-file.yaml")


def test_campaign_and_stack_agree(environment: dict[str, Any], campaign: dict[str, Any]) -> None:
    parsed = parse_environment(environment, "e.yaml")
    sale = parse_campaign(campaign, "c.yaml")
    assert check_campaign(sale, "spring-sale.dev", parsed, "c.yaml").lane == "amber"
    with pytest.raises(ConfigError, match="it must be autumn, the first part of the stack's name autumn.dev"):
        check_campaign(sale, "autumn.dev", parsed, "c.yaml")
    environment["leases"]["spring-sale"]["state"] = "ending"
    with pytest.raises(ConfigError, match=r"its lease of amber is ending .*`warmlane destroy -e dev --campaign"):
        check_campaign(sale, "spring-sale.dev", parse_environment(environment, "e.yaml"), "c.yaml")
    del environment["leases"]["spring-sale"]
    with pytest.raises(ConfigError, match=r"add leases.spring-sale to Pulumi.dev.yaml \(free lanes: amber\)"):
        check_campaign(sale, "spring-sale.dev", parse_environment(environment, "e.yaml"), "c.yaml")


def test_shipped_campaigns_hold_their_lanes(environment: dict[str, Any]) -> None:
    parsed = parse_environment(environment, "Pulumi.dev.yaml")
    lanes = {
        check_campaign(load_campaign(ROOT, name, "dev"), f"{name}.dev", parsed, name).lane
        for name in campaign_stacks(ROOT, "dev")
    }
    assert lanes == {"amber", "birch"}
