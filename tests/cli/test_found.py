"""What exists in AWS and state does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli import found
from cli.found import Tagged
from tests.cli.conftest import ROOT
from warmlane import labels
from warmlane.config import read_environment
from warmlane.environment import Environment


def test_a_node_group_is_imported_by_cluster_and_name() -> None:
    assert found.node_group_id("arn:aws:eks:us-east-1:1:nodegroup/mail/amber/0c-1") == "mail:amber"


@pytest.mark.parametrize(
    ("tagged", "known", "adopted", "spare"),
    [
        ([], {"a": "1"}, {}, []),
        ([Tagged("a", "1")], {"a": "1"}, {}, []),
        ([Tagged("a", "1")], {}, {"a": "1"}, []),
        ([Tagged("a", "1"), Tagged("a", "2")], {"a": "2"}, {}, [Tagged("a", "1")]),
        ([Tagged("a", "2"), Tagged("a", "1")], {}, {"a": "1"}, [Tagged("a", "2")]),
        ([Tagged("a", "1"), Tagged("a", "1")], {}, {"a": "1"}, []),
    ],
    ids=["nothing", "known", "unknown", "beside a known one", "two of one name", "told twice"],
)
def test_what_is_adopted_and_what_is_spare(
    tagged: list[Tagged], known: dict[str, str], adopted: dict[str, str], spare: list[Tagged]
) -> None:
    assert found.leftovers(tagged, known) == (adopted, spare)


def state(*resources: tuple[str, str, str]) -> dict[str, Any]:
    listed = [
        {"urn": f"urn:pulumi:dev::warmlane::{kind}::{name}", "type": kind, "id": id_} for kind, name, id_ in resources
    ]
    return {"resources": listed}


def test_only_aws_resources_with_an_id_are_known() -> None:
    deployed = state(("aws:ec2/eip:Eip", "a", "1"), ("aws:ec2/eip:Eip", "b", ""), ("kubernetes:core/v1:Pod", "c", "3"))
    assert found.known_ids(deployed) == {"a": "1"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Environment, Any, Any]]:
    """The environment `dev` in an AWS account of its own, with its zone."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        environment = read_environment(ROOT, "dev")
        ec2, route53 = boto3.client("ec2", region_name="us-east-1"), boto3.client("route53", region_name="us-east-1")
        zone = route53.create_hosted_zone(Name=environment.domain, CallerReference="test")["HostedZone"]["Id"]
        assert environment.aws is not None
        own = environment.aws.model_copy(update={"endpoint": None, "zone_id": zone.rpartition("/")[2]})
        yield environment.model_copy(update={"aws": own}), ec2, route53


def allocate(ec2: Any, name: str, environment: str = "dev") -> tuple[str, str]:
    tags = [{"Key": key, "Value": value} for key, value in labels.aws_tags(name, environment, "amber").items()]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    return address["AllocationId"], address["PublicIp"]


def host_record(route53: Any, zone: str, host: str, address: str) -> None:
    record = {"Name": host, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": address}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def test_an_address_and_its_name_that_state_lost_are_found(account: tuple[Environment, Any, Any]) -> None:
    environment, ec2, route53 = account
    assert environment.aws is not None
    zone = environment.aws.zone_id
    allocation, address = allocate(ec2, "amber-address")
    allocate(ec2, "amber-address", environment="prod")
    host_record(route53, zone, "amber.warmlane.test", address)
    expected = {"amber-address": allocation, "amber-host": f"{zone}_amber.warmlane.test_A"}
    assert found.unknown(environment, "dev", {}, {}, lambda line: None) == expected
    both = state(("aws:ec2/eip:Eip", "amber-address", allocation), ("aws:route53/record:Record", "amber-host", "r"))
    assert found.unknown(environment, "dev", both, {}, lambda line: None) == {}


def test_somebody_elses_record_is_not_taken(account: tuple[Environment, Any, Any]) -> None:
    environment, ec2, route53 = account
    assert environment.aws is not None
    allocation, _ = allocate(ec2, "amber-address")
    host_record(route53, environment.aws.zone_id, "amber.warmlane.test", "192.0.2.77")
    assert found.unknown(environment, "dev", {}, {}, lambda line: None) == {"amber-address": allocation}


def test_a_second_address_of_a_lane_is_reported_and_left_alone(account: tuple[Environment, Any, Any]) -> None:
    environment, ec2, _ = account
    kept, _ = allocate(ec2, "amber-address")
    spare, _ = allocate(ec2, "amber-address")
    told = list[str]()
    known = state(("aws:ec2/eip:Eip", "amber-address", kept), ("aws:route53/record:Record", "amber-host", "r"))
    assert found.unknown(environment, "dev", known, {}, told.append) == {}
    assert len(told) == 1 and spare in told[0] and kept in told[0]
