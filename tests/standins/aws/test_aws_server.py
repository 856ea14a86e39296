"""The lab's AWS beyond its refusals: addresses, reverse DNS, NAT gateways, quotas, and the world that follows."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lab import settings
from lab.aws.pool import ElasticPool
from lab.aws.quotas import QuotaError, Quotas, parse
from lab.aws.refusals import TABLE
from lab.aws.world import View

NAME = f"amber.{settings.DOMAIN}"


class Recorder:
    """A world that notes what it was told, or fails."""

    def __init__(self, failure: str | None = None) -> None:
        self.views: list[View] = []
        self.failure = failure

    def publish(self, view: View) -> None:
        if self.failure:
            raise RuntimeError(self.failure)
        self.views.append(view)


def test_every_row_is_tried() -> None:
    tried = set()
    for file in Path(__file__).parent.glob("test_refused_*.py"):
        tried |= set(re.findall(r"mark\.refusal\(\s*\"([a-z-]+)\"", file.read_text()))
    assert tried == {row.key for row in TABLE}, "each row of the table has a test that is marked with its key"


def test_rows_have_a_source_and_their_own_key() -> None:
    assert len({row.key for row in TABLE}) == len(TABLE), "a key names one row"
    assert all(row.source and row.operations for row in TABLE)


def test_addresses_come_from_the_elastic_range(aws: Any) -> None:
    first, last = settings.ELASTIC_RANGE
    addresses = [IPv4Address(aws.public_address(aws.allocate())) for _ in range(3)]
    assert addresses == [first, first + 1, first + 2]
    assert all(first <= address <= last for address in addresses)


def test_a_released_address_comes_back_late() -> None:
    pool = ElasticPool(IPv4Address("198.51.100.16"), IPv4Address("198.51.100.18"))
    first = pool.take(set())
    assert pool.take(set()) != first, "whoever releases an address loses it"
    assert pool.take({first}) not in {first}
    assert pool.take(set()) == first, "after a round it is given out again"


def test_a_released_address_can_be_recovered(aws: Any) -> None:
    allocation = aws.allocate()
    address = aws.public_address(allocation)
    aws.ec2.release_address(AllocationId=allocation)
    assert aws.ec2.allocate_address(Domain="vpc", Address=address)["PublicIp"] == address


def test_a_reverse_record_is_pending_first_and_removable(aws: Any) -> None:
    allocation = aws.allocate()
    aws.change("CREATE", NAME, aws.public_address(allocation))

    def attributes() -> dict[str, Any]:
        wanted = {"AllocationIds": [allocation], "Attribute": "domain-name"}
        return aws.ec2.describe_addresses_attribute(**wanted)["Addresses"][0]

    aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName=NAME)
    assert attributes()["PtrRecordUpdate"] == {"Value": f"{NAME}.", "Status": "PENDING"}
    assert attributes()["PtrRecord"] == f"{NAME}."
    aws.ec2.reset_address_attribute(AllocationId=allocation, Attribute="domain-name")
    assert attributes()["PtrRecordUpdate"]["Value"] == ""
    assert "PtrRecord" not in attributes()
    aws.ec2.release_address(AllocationId=allocation)


def test_a_nat_gateway_holds_its_address_until_it_is_gone(aws: Any) -> None:
    allocation = aws.allocate()
    gateway = aws.nat_gateway(allocation)
    assert aws.gateway_state(gateway)["State"] == "available"
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert aws.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["AssociationId"]
    assert aws.gateway_state(gateway)["State"] == "deleted"
    assert not aws.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0].get("AssociationId")


def test_a_failed_nat_gateway_can_be_deleted(aws: Any) -> None:
    created = aws.ec2.create_nat_gateway(SubnetId=aws.subnet()["SubnetId"], AllocationId="eipalloc-0123456789abcdef0")
    gateway = created["NatGateway"]["NatGatewayId"]
    assert aws.gateway_state(gateway)["State"] == "failed"
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert aws.gateway_state(gateway)["State"] == "deleted"


def test_nat_gateways_are_found_by_tag(aws: Any) -> None:
    gateway = aws.nat_gateway()
    aws.ec2.create_tags(Resources=[gateway], Tags=[{"Key": "warmlane.dev/name", "Value": "amber"}])

    def found(value: str) -> list[str]:
        filters = [{"Name": "tag:warmlane.dev/name", "Values": [value]}]
        described = aws.ec2.describe_nat_gateways(Filters=filters)["NatGateways"]
        return [gateway["NatGatewayId"] for gateway in described]

    assert (found("amber"), found("birch")) == ([gateway], [])


def test_addresses_are_found_by_the_tagging_api(aws: Any, endpoint: str) -> None:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    tagging = boto3.client("resourcegroupstaggingapi", endpoint_url=endpoint, region_name=settings.AWS_REGION, **keys)
    allocation = aws.allocate()
    aws.ec2.create_tags(Resources=[allocation], Tags=[{"Key": "warmlane.dev/environment", "Value": "dev"}])
    filters = [{"Key": "warmlane.dev/environment", "Values": ["dev"]}]
    found = tagging.get_resources(TagFilters=filters)["ResourceTagMappingList"]
    assert [entry["ResourceARN"].rpartition(":")[2] for entry in found] == [f"elastic-ip/{allocation}"]


def test_the_lab_has_its_hosted_zone(aws: Any) -> None:
    zone = aws.route53.get_hosted_zone(Id=settings.HOSTED_ZONE)["HostedZone"]
    assert zone["Name"].rstrip(".") == settings.DOMAIN


def test_the_world_follows_addresses_and_names(aws: Any) -> None:
    world = Recorder()
    aws.account.world = world
    allocation = aws.allocate()
    address = IPv4Address(aws.public_address(allocation))
    assert world.views[-1] == View(frozenset({address}))
    aws.change("CREATE", NAME, str(address))
    aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName=NAME)
    assert world.views[-1] == View(frozenset({address}), {NAME: address}, {address: NAME})
    told = len(world.views)
    aws.ec2.describe_addresses()
    assert len(world.views) == told, "a call that changes nothing tells the world nothing"
    aws.ec2.reset_address_attribute(AllocationId=allocation, Attribute="domain-name")
    assert world.views[-1].reverse == {}


def test_a_world_that_can_not_follow_fails_the_call(aws: Any) -> None:
    aws.account.world = Recorder("no such namespace")
    with pytest.raises(ClientError, match=r"LabWorldOutOfStep.*RuntimeError: no such namespace"):
        aws.allocate()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"adresses_per_region": 11}, "adresses_per_region is not a quota"),
        ({"addresses_per_region": "11"}, "'11' is not a whole number"),
        ({"addresses_per_region": -1}, "-1 is not a whole number"),
        ([], "expected an object"),
    ],
)
def test_a_wrong_quota_file_is_refused(data: object, problem: str) -> None:
    with pytest.raises(QuotaError, match=problem):
        parse(data, "quotas.json")


def test_quotas_default_to_those_of_aws() -> None:
    assert (Quotas().addresses_per_region, Quotas().nat_gateways_per_zone, Quotas().subnets_per_vpc) == (5, 5, 200)
    assert parse({"addresses_per_region": 11}, "quotas.json") == Quotas(addresses_per_region=11)


def serve(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lab.aws.server", "--port", "0", *arguments],
        cwd=settings.REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_program_serves_with_its_quotas_and_takes_new_ones(tmp_path: Path) -> None:
    quotas = tmp_path / "quotas.json"
    quotas.write_text('{"addresses_per_region": 0}')
    program = serve("--quotas", str(quotas))
    assert program.stdout is not None
    assert program.stderr is not None
    endpoint = program.stdout.readline().split()[-1]
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    ec2 = boto3.client("ec2", endpoint_url=endpoint, region_name=settings.AWS_REGION, **keys)
    with pytest.raises(ClientError, match="AddressLimitExceeded"):
        ec2.allocate_address(Domain="vpc")
    assert "refused ec2:allocate_address: AddressLimitExceeded" in program.stderr.readline()
    quotas.write_text('{"addresses": 1}')
    program.send_signal(signal.SIGHUP)
    assert "addresses is not a quota" in program.stderr.readline()
    quotas.write_text('{"addresses_per_region": 1}')
    program.send_signal(signal.SIGHUP)
    assert "addresses_per_region=1" in program.stderr.readline()
    assert ec2.allocate_address(Domain="vpc")["PublicIp"] == str(settings.ELASTIC_RANGE[0])
    program.send_signal(signal.SIGTERM)
    program.communicate(timeout=30)
    assert program.returncode == 0


def test_the_program_refuses_a_wrong_quota_file(tmp_path: Path) -> None:
    program = serve("--quotas", str(tmp_path / "missing.json"))
    _, errors = program.communicate(timeout=30)
    assert program.returncode == 2
    assert "missing.json" in errors
