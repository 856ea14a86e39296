"""What exists in AWS and state does not know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from cli import found, found_tagged
from cli.found_tagged import Tagged
from cli.outcome import WorldFailed
from lab import settings
from lab.aws.account import Account
from lab.aws.server import fresh, listening
from tests.cli.conftest import ROOT
from warmlane import labels
from warmlane.config import read_environment
from warmlane.environment import Environment


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


@dataclass(frozen=True)
class World:
    """An environment and the AWS account that it names."""

    environment: Environment
    ec2: Any
    route53: Any
    eks: Any

    @property
    def zone(self) -> str:
        assert self.environment.aws is not None
        return self.environment.aws.zone_id

    def found(self, known: Mapping[str, Any], name: str = "dev") -> tuple[dict[str, str], list[str]]:
        """What is adopted beside a known state, and what was reported."""
        told = list[str]()
        return found.unknown(self.environment, name, known, KEYS, told.append), told


ROLE = "arn:aws:iam::123456789012:role/mail"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with listening() as url:
        yield url


def world_of(name: str, endpoint: str, **changes: Any) -> World:
    """A committed environment in an empty account, which has its zone."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": settings.AWS_REGION}
    ec2, route53, eks = (boto3.client(service, endpoint_url=endpoint, **keys) for service in ("ec2", "route53", "eks"))
    environment = read_environment(ROOT, name)
    zone = route53.create_hosted_zone(Name=environment.domain, CallerReference="test")["HostedZone"]["Id"]
    assert environment.aws is not None
    zone_id = zone.rpartition("/")[2]
    own = environment.aws.model_copy(update={"endpoint": endpoint, "zone_id": zone_id, "region": settings.AWS_REGION})
    return World(environment.model_copy(update={"aws": own, **changes}), ec2, route53, eks)


@pytest.fixture
def account(endpoint: str) -> Iterator[World]:
    """The environment `dev` in an AWS account of its own."""
    with fresh(Account()):
        yield world_of("dev", endpoint)


def allocate(ec2: Any, name: str, environment: str = "dev") -> tuple[str, str]:
    tags = [{"Key": key, "Value": value} for key, value in labels.aws_tags(name, environment, "amber").items()]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    return address["AllocationId"], address["PublicIp"]


def host_record(route53: Any, zone: str, host: str, address: str) -> None:
    record = {"Name": host, "Type": "A", "TTL": 300, "ResourceRecords": [{"Value": address}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def test_an_address_and_its_name_that_state_lost_are_found(account: World) -> None:
    allocation, address = allocate(account.ec2, "amber-address")
    allocate(account.ec2, "amber-address", environment="prod")
    host_record(account.route53, account.zone, "amber.warmlane.test", address)
    expected = {"amber-address": allocation, "amber-host": f"{account.zone}_amber.warmlane.test_A"}
    assert account.found({}) == (expected, [])
    both = state(("aws:ec2/eip:Eip", "amber-address", allocation), ("aws:route53/record:Record", "amber-host", "r"))
    assert account.found(both) == ({}, [])


def test_a_reverse_name_that_state_lost_is_found(account: World) -> None:
    allocation, address = allocate(account.ec2, "amber-address")
    host_record(account.route53, account.zone, "amber.warmlane.test", address)
    account.ec2.modify_address_attribute(AllocationId=allocation, DomainName="amber.warmlane.test")
    known = state(("aws:ec2/eip:Eip", "amber-address", allocation), ("aws:route53/record:Record", "amber-host", "r"))
    for _ in range(3):  # AWS shows the name some time after it was asked for it
        adopted, _told = account.found(known)
    assert adopted == {"amber-reverse": allocation}


def test_somebody_elses_record_is_not_taken(account: World) -> None:
    allocation, _ = allocate(account.ec2, "amber-address")
    host_record(account.route53, account.zone, "amber.warmlane.test", "192.0.2.77")
    adopted, (told,) = account.found({})
    assert adopted == {"amber-address": allocation}
    assert "amber.warmlane.test has an A record already, of 192.0.2.77" in told and account.zone in told


def test_a_second_address_of_a_lane_is_reported_and_left_alone(account: World) -> None:
    kept, _ = allocate(account.ec2, "amber-address")
    spare, _ = allocate(account.ec2, "amber-address")
    known = state(("aws:ec2/eip:Eip", "amber-address", kept), ("aws:route53/record:Record", "amber-host", "r"))
    adopted, (told,) = account.found(known)
    assert adopted == {}
    assert spare in told and kept in told


def test_an_account_that_lacks_a_known_address_is_the_wrong_one(account: World) -> None:
    there, _ = allocate(account.ec2, "amber-address")
    known = (("aws:ec2/eip:Eip", "amber-address", there), ("aws:ec2/eip:Eip", "birch-address", "eipalloc-0123"))
    with pytest.raises(WorldFailed) as caught:
        account.found(state(*known))
    assert "birch-address (eipalloc-0123)" in caught.value.what and "amber" not in caught.value.what
    assert "get-caller-identity" in caught.value.advice


def test_an_address_of_a_lane_that_is_not_committed_is_reported_and_not_adopted(account: World) -> None:
    allocation, _ = allocate(account.ec2, "cedar-address")
    adopted, (told,) = account.found({})
    assert adopted == {} and allocation in told and "not committed" in told


def test_an_address_on_an_interface_of_ours_is_found_by_the_address(endpoint: str) -> None:
    with fresh(Account()):
        world = world_of("dev", endpoint)
        subnet = world.ec2.describe_subnets()["Subnets"][0]
        private = subnet["CidrBlock"].rpartition(".")[0] + ".20"
        interface = world.ec2.create_network_interface(SubnetId=subnet["SubnetId"], PrivateIpAddress=private)
        id_ = interface["NetworkInterface"]["NetworkInterfaceId"]
        allocation, _ = allocate(world.ec2, "amber-address")
        made = world.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=id_, PrivateIpAddress=private)[
            "AssociationId"
        ]
        egress = world.environment.egress.model_copy(update={"network_interface_id": id_})
        amber = world.environment.lanes["amber"].model_copy(update={"private_address": private})
        lanes = {**world.environment.lanes, "amber": amber}
        ours = replace(world, environment=world.environment.model_copy(update={"egress": egress, "lanes": lanes}))
        assert ours.found({})[0] == {"amber-address": allocation, "amber-association": made}
        assert "amber-association" not in world.found({})[0], "without an interface of ours there is no such resource"


def test_a_route_that_leads_elsewhere_is_told_and_not_taken(endpoint: str) -> None:
    with fresh(Account()):
        world = world_of("prod", endpoint)
        subnet = world.ec2.describe_subnets()["Subnets"][0]
        networks = {"subnetIds": [subnet["SubnetId"]]}
        world.eks.create_cluster(name="mail", roleArn=ROLE, resourcesVpcConfig=networks)
        gateway = world.ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
        tags = [{"Key": key, "Value": value} for key, value in labels.aws_tags("cobalt-routes", "prod").items()]
        specification = [{"ResourceType": "route-table", "Tags": tags}]
        made = world.ec2.create_route_table(VpcId=subnet["VpcId"], TagSpecifications=specification)
        table = made["RouteTable"]["RouteTableId"]
        world.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        adopted, (told,) = world.found({}, "prod")
    assert adopted == {"cobalt-routes": table}
    assert f"to {gateway} and not to the lane's NAT gateway" in told
    assert f"delete-route --route-table-id {table} --destination-cidr-block 0.0.0.0/0" in told


def test_a_node_group_that_failed_is_not_adopted() -> None:
    class Eks:
        exceptions = boto3.client("eks", region_name=settings.AWS_REGION).exceptions

        def get_paginator(self, call: str) -> Any:
            assert call == "list_nodegroups"
            return self

        def paginate(self, clusterName: str) -> list[Any]:  # noqa: N803 - boto3's
            return [{"nodegroups": ["good"]}, {"nodegroups": ["failed", "strange"]}]

        def describe_nodegroup(self, clusterName: str, nodegroupName: str) -> Any:  # noqa: N803 - boto3's
            status = {"failed": "CREATE_FAILED"}.get(nodegroupName, "CREATING")
            tags = {} if nodegroupName == "strange" else labels.aws_tags("cobalt-nodes", "prod")
            return {"nodegroup": {"status": status, "tags": tags}}

    assert found_tagged.node_groups(Eks(), "mail", "prod") == [Tagged("cobalt-nodes", "mail:good")]
