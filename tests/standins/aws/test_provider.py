"""The provider beyond its rows: errors, retries, drift, tags and configuration."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from lab import settings
from lab.standins.aws.clients import configured
from lab.standins.values import from_struct, has_unknown, to_struct

EIP = "aws:ec2/eip:Eip"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
DOMAIN_NAME = "aws:ec2/eipDomainName:EipDomainName"
ROUTE = "aws:ec2/route:Route"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
SUBNET = "aws:ec2/subnet:Subnet"


@pytest.fixture
def reconfigured(configured_engine: Any, endpoint: str) -> Iterator[Any]:
    """A provider whose settings a test changes; the others' come back."""
    yield configured_engine
    endpoints = json.dumps([dict.fromkeys(("ec2", "route53", "eks"), endpoint)])
    configured_engine.configure(region=settings.AWS_REGION, endpoints=endpoints)


def failure(call: Any) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def test_a_type_without_a_row_is_refused(engine: Any) -> None:
    error = failure(lambda: engine.check("aws:s3/bucket:Bucket", bucket="mail"))
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "no row for aws:s3/bucket:Bucket" in error.details()
    assert EIP in error.details(), "the message says what there is"


def test_what_aws_answers_is_shown_as_it_is(engine: Any) -> None:
    for _ in range(5):
        engine.create(EIP)
    error = failure(lambda: engine.create(EIP))
    assert "AllocateAddress, api error AddressLimitExceeded: The maximum number of addresses has been reached." in (
        error.details()
    )


def test_a_domain_name_before_its_record_is_shown_as_it_is(engine: Any, aws: Any) -> None:
    name = f"amber.{settings.DOMAIN}"
    error = failure(lambda: engine.create(DOMAIN_NAME, allocationId=aws.allocate(), domainName=name))
    assert "ModifyAddressAttribute, api error InvalidParameterValue" in error.details()


def test_a_gateway_that_fails_stays_in_the_state(engine: Any, aws: Any) -> None:
    allocation = aws.allocate()
    aws.nat_gateway(allocation)
    error = failure(lambda: engine.create(NAT_GATEWAY, allocationId=allocation, subnetId=aws.subnet()["SubnetId"]))
    assert f"Resource.AlreadyAssociated: Elastic IP address {allocation} is already associated" in error.details()
    trailing = dict(error.trailing_metadata())["grpc-status-details-bin"]
    detail: any_pb2.Any = status_pb2.Status.FromString(trailing).details[0]
    kept = provider_pb2.ErrorResourceInitFailed()
    assert detail.Unpack(kept), "the engine learns that the gateway exists"
    assert aws.gateway_state(kept.id)["State"] == "failed"
    assert from_struct(kept.inputs)["allocationId"] == allocation


def test_an_address_in_use_is_not_released(engine: Any, aws: Any) -> None:
    address = engine.create(EIP)
    aws.nat_gateway(address.id)
    assert "api error InvalidIPAddress.InUse" in failure(lambda: engine.delete(address)).details()
    refreshed = engine.refresh(address)
    assert "api error AuthFailure" in failure(lambda: engine.delete(refreshed)).details()


def test_an_address_is_released_after_its_gateway_in_spite_of_a_stale_interface(engine: Any, aws: Any) -> None:
    address = engine.create(EIP)
    gateway = engine.create(NAT_GATEWAY, allocationId=address.id, subnetId=aws.subnet()["SubnetId"])
    engine.delete(gateway)
    engine.delete(address)
    assert ("ec2:release_address", "address-interface-gone") in aws.account.refused
    assert engine.refresh(address) is None


def test_what_changed_behind_its_back_is_seen(engine: Any, aws: Any) -> None:
    given = {"tags": {"warmlane.dev/name": "amber"}}
    address = engine.create(EIP, **given)
    aws.ec2.create_tags(Resources=[address.id], Tags=[{"Key": "warmlane.dev/name", "Value": "birch"}])
    refreshed = engine.refresh(address)
    assert refreshed.inputs["tags"] == {"warmlane.dev/name": "birch"}
    assert engine.diff(refreshed, **given) == ({"tags", "tagsAll"}, set())
    aws.ec2.release_address(AllocationId=address.id)
    assert engine.refresh(address) is None


def test_a_route_has_one_target(engine: Any) -> None:
    given = {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}
    for targets in ({}, {"natGatewayId": "nat-1", "gatewayId": "igw-1"}):
        _, failures = engine.check(ROUTE, **given, **targets)
        assert failures == {"natGatewayId": "exactly one of natGatewayId, gatewayId must be given"}


def test_a_node_group_without_a_name_gets_one_and_keeps_it(engine: Any) -> None:
    given = {"clusterName": "mail", "nodeRoleArn": "arn", "subnetIds": ["subnet-1"], "scalingConfig": {"maxSize": 1}}
    inputs, _ = engine.check(NODE_GROUP, **given)
    assert inputs["nodeGroupName"].startswith("amber-")
    request = provider_pb2.CheckRequest(
        urn=engine.urn(NODE_GROUP), news=to_struct(given), olds=to_struct(inputs), randomSeed=b"another"
    )
    kept = from_struct(engine.stub.Check(request).inputs)
    assert kept["nodeGroupName"] == inputs["nodeGroupName"]


def test_an_unknown_value_of_a_fixed_property_foresees_a_replacement(engine: Any, aws: Any) -> None:
    given = {"vpcId": aws.vpc(), "cidrBlock": "10.20.1.0/24"}
    subnet = engine.create(SUBNET, **given)
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert engine.diff(subnet, **{**given, "vpcId": unknown}) == ({"vpcId"}, {"vpcId"})


def test_default_tags_are_under_the_own_ones(reconfigured: Any, aws: Any) -> None:
    endpoints = json.dumps([{"ec2": aws.endpoint}])
    defaults = json.dumps({"tags": {"owner": "platform", "environment": "dev"}})
    reconfigured.configure(region=settings.AWS_REGION, endpoints=endpoints, defaultTags=defaults)
    given = {"tags": {"owner": "mail"}}
    address = reconfigured.create(EIP, **given)
    assert address.state["tags"] == {"owner": "mail"}
    assert address.state["tagsAll"] == {"owner": "mail", "environment": "dev"}
    assert reconfigured.diff(address, **given) == (set(), set())
    assert reconfigured.adopt(EIP, address.id).state["tags"] == {"owner": "mail"}


def test_aws_itself_is_never_called(reconfigured: Any) -> None:
    reconfigured.configure(region=settings.AWS_REGION)
    assert "has no endpoint for ec2" in failure(lambda: reconfigured.create(EIP)).details()


def test_an_endpoint_that_does_not_answer_is_named(reconfigured: Any) -> None:
    reconfigured.configure(region=settings.AWS_REGION, endpoints=json.dumps([{"ec2": "http://127.0.0.1:9"}]))
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/"' in (
        failure(lambda: reconfigured.create(EIP)).details()
    )


def test_settings_are_read_from_json_and_secrets() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "key"}
    given = from_struct(to_struct({"accessKey": secret, "region": "us-east-1", "endpoints": '[{"ec2":"http://a"}]'}))
    aws = configured(given)
    assert (aws.access_key, aws.region, aws.endpoints) == ("key", "us-east-1", {"ec2": "http://a"})


def test_numbers_and_unknowns_survive_the_wire() -> None:
    values = {"ttl": 300, "ratio": 0.5, "flag": True, "list": [1, {"a": None}], "none": None}
    assert from_struct(to_struct(values)) == {"ttl": 300, "ratio": 0.5, "flag": True, "list": [1, {"a": None}]}
    assert has_unknown({"a": [{"b": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}]})


def test_the_program_prints_its_port_and_ends_quietly() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "lab.standins.aws", "127.0.0.1:1"],
        cwd=settings.REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    port = int(program.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        info = provider_pb2_grpc.ResourceProviderStub(channel).GetPluginInfo(empty_pb2.Empty())
    assert info.version.startswith("7.")
    program.send_signal(signal.SIGINT)
    out, errors = program.communicate(timeout=30)
    assert (program.returncode, out, errors) == (0, "", "")
