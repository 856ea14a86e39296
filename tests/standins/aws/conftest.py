"""A server of the lab's AWS on loopback, and what a test of a refusal needs.

A test marked `refusal(key, code, message, quotas=…)` sets a scene and gives its calls to `refused`. It runs twice: with
the whole table, where AWS' answer must come from the row, and with the row dropped, where it must not, so that no row
can lose its check unseen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import boto3
import grpc
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from lab import settings
from lab.aws.account import Account
from lab.aws.quotas import Quotas, parse
from lab.aws.refusals import TABLE
from lab.aws.server import fresh, listening
from lab.standins.aws.provider import Provider
from lab.standins.values import from_struct, to_struct

SERVICES = ("ec2", "route53", "eks")
WHOLE, DROPPED = "whole-table", "row-dropped"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "refusal(key, code, message, quotas): AWS' answer, and the row that gives it")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "refused" in metafunc.fixturenames:
        metafunc.parametrize("table", [WHOLE, DROPPED], indirect=True)


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with listening() as url:
        yield url


@pytest.fixture(scope="session")
def clients(endpoint: str) -> dict[str, Any]:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    config = Config(retries={"max_attempts": 0})
    session = boto3.Session(region_name=settings.AWS_REGION, **keys)
    names = ("ec2", "route53", "eks", "iam")
    return {name: session.client(name, endpoint_url=endpoint, config=config) for name in names}


@pytest.fixture
def table(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", WHOLE)


@pytest.fixture
def account(request: pytest.FixtureRequest, table: str) -> Iterator[Account]:
    mark = request.node.get_closest_marker("refusal")
    quotas = parse(mark.kwargs.get("quotas", {}), "test") if mark else Quotas()
    rows = [row for row in TABLE if table == WHOLE or row.key != mark.args[0]]
    with fresh(Account(quotas=quotas, rows=rows)) as installed:
        yield installed


@dataclass(frozen=True)
class Aws:
    """boto3 clients of a fresh account, and short ways to set a scene."""

    account: Account
    ec2: Any
    route53: Any
    eks: Any
    iam: Any
    endpoint: str

    def subnet(self, index: int = 0) -> dict[str, Any]:
        """A subnet of the default VPC, which has an internet gateway."""
        return sorted(self.ec2.describe_subnets()["Subnets"], key=lambda subnet: subnet["CidrBlock"])[index]

    def vpc(self) -> str:
        return self.ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]

    def allocate(self) -> str:
        return self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def public_address(self, allocation: str) -> str:
        return self.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["PublicIp"]

    def interface(self) -> str:
        return self.ec2.create_network_interface(SubnetId=self.subnet()["SubnetId"])["NetworkInterface"][
            "NetworkInterfaceId"
        ]

    def gateway_state(self, gateway: str) -> dict[str, Any]:
        """A NAT gateway once it has settled."""
        for _ in range(2):
            found = self.ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]
        return found

    def nat_gateway(self, allocation: str | None = None, subnet: str | None = None) -> str:
        gateway = self.ec2.create_nat_gateway(
            SubnetId=subnet or self.subnet()["SubnetId"], AllocationId=allocation or self.allocate()
        )["NatGateway"]["NatGatewayId"]
        self.gateway_state(gateway)
        return gateway

    def change(self, action: str, name: str, value: str, zone: str = settings.HOSTED_ZONE, ttl: int = 300) -> None:
        record = {"Name": name, "Type": "A", "TTL": ttl, "ResourceRecords": [{"Value": value}]}
        changes = [{"Action": action, "ResourceRecordSet": record}]
        self.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    def cluster(self) -> str:
        role = "arn:aws:iam::123456789012:role/cluster"
        subnets = [self.subnet(index)["SubnetId"] for index in (0, 1)]
        self.eks.create_cluster(name="mail", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
        return "mail"

    def node_group(self, cluster: str, subnet: str | None = None) -> dict[str, Any]:
        return self.eks.create_nodegroup(
            clusterName=cluster,
            nodegroupName="amber",
            nodeRole="arn:aws:iam::123456789012:role/nodes",
            subnets=[subnet or self.subnet()["SubnetId"]],
        )


@pytest.fixture
def aws(account: Account, clients: dict[str, Any], endpoint: str) -> Aws:
    return Aws(account=account, endpoint=endpoint, **clients)


@pytest.fixture
def refused(request: pytest.FixtureRequest, aws: Aws, table: str) -> Callable[..., None]:
    """Try calls, one for each operation of the row."""
    key, code, message = request.node.get_closest_marker("refusal").args
    row = next(row for row in TABLE if row.key == key)

    def outcome(call: Callable[[], Any]) -> tuple[str, str] | None:
        try:
            result = call()
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        except ResponseParserError:
            return None  # moto broke over a call that AWS refuses
        if isinstance(result, dict) and "NatGateway" in result and row.later:
            gateway = aws.gateway_state(result["NatGateway"]["NatGatewayId"])
            return gateway.get("FailureCode", ""), gateway.get("FailureMessage", "")
        return None

    def check(*calls: Callable[[], Any], **fields: object) -> None:
        aws.account.refused.clear()
        outcomes = [outcome(call) for call in calls]
        by_row = {operation for operation, refusing in aws.account.refused if refusing == key}
        if table == DROPPED:
            assert not by_row, f"{key} refuses although it was taken out of the table"
            return
        assert outcomes == [(code, message.format(**fields))] * len(calls), f"AWS answers {code} in each of the calls"
        assert by_row == set(row.operations), f"{key} must be tried on each of its operations"

    return check


@dataclass
class Resource:
    """A resource as the engine would hold it."""

    token: str
    id: str
    inputs: dict[str, Any]
    state: dict[str, Any]


class Engine:
    """The calls that Pulumi's engine makes of a provider, over gRPC."""

    def __init__(self, stub: Any) -> None:
        self.stub = stub

    @staticmethod
    def urn(token: str) -> str:
        return f"urn:pulumi:dev::warmlane::warmlane:lane:Lane${token}::amber"

    def configure(self, **settings: Any) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(settings)))

    def check(self, token: str, **given: Any) -> tuple[dict[str, Any], dict[str, str]]:
        """Inputs with defaults, and failures by property."""
        request = provider_pb2.CheckRequest(urn=self.urn(token), news=to_struct(given), randomSeed=b"seed")
        answer = self.stub.Check(request)
        return from_struct(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def diff(self, resource: Resource, **given: Any) -> tuple[set[str], set[str]]:
        """Properties that change, and those of them that replace."""
        inputs, failures = self.check(resource.token, **given)
        assert not failures
        request = provider_pb2.DiffRequest(
            id=resource.id,
            urn=self.urn(resource.token),
            olds=to_struct(resource.state),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(inputs),
        )
        answer = self.stub.Diff(request)
        return set(answer.diffs), set(answer.replaces)

    def preview(self, token: str, **given: Any) -> dict[str, Any]:
        inputs, failures = self.check(token, **given)
        assert not failures
        request = provider_pb2.CreateRequest(urn=self.urn(token), properties=to_struct(inputs), preview=True)
        return from_struct(self.stub.Create(request).properties)

    def create(self, token: str, **given: Any) -> Resource:
        inputs, failures = self.check(token, **given)
        assert not failures
        answer = self.stub.Create(provider_pb2.CreateRequest(urn=self.urn(token), properties=to_struct(inputs)))
        return Resource(token, answer.id, inputs, from_struct(answer.properties))

    def update(self, resource: Resource, **given: Any) -> Resource:
        inputs, _ = self.check(resource.token, **given)
        request = provider_pb2.UpdateRequest(
            id=resource.id,
            urn=self.urn(resource.token),
            olds=to_struct(resource.state),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(inputs),
        )
        return Resource(resource.token, resource.id, inputs, from_struct(self.stub.Update(request).properties))

    def refresh(self, resource: Resource) -> Resource | None:
        request = provider_pb2.ReadRequest(
            id=resource.id,
            urn=self.urn(resource.token),
            properties=to_struct(resource.state),
            inputs=to_struct(resource.inputs),
        )
        return self._read(resource.token, request)

    def adopt(self, token: str, resource_id: str) -> Resource | None:
        """Import."""
        return self._read(token, provider_pb2.ReadRequest(id=resource_id, urn=self.urn(token)))

    def _read(self, token: str, request: Any) -> Resource | None:
        answer = self.stub.Read(request)
        if not answer.id:
            return None
        return Resource(token, answer.id, from_struct(answer.inputs), from_struct(answer.properties))

    def delete(self, resource: Resource) -> None:
        state = to_struct(resource.state)
        self.stub.Delete(provider_pb2.DeleteRequest(id=resource.id, urn=self.urn(resource.token), properties=state))


@pytest.fixture(scope="session")
def configured_engine(endpoint: str) -> Iterator[Engine]:
    """One provider for all tests, since its clients take long to make."""
    server = grpc.server(ThreadPoolExecutor(4))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        engine = Engine(provider_pb2_grpc.ResourceProviderStub(channel))
        engine.configure(region=settings.AWS_REGION, endpoints=json.dumps([dict.fromkeys(SERVICES, endpoint)]))
        yield engine
    server.stop(None)


@pytest.fixture
def engine(configured_engine: Engine, aws: Aws) -> Engine:
    """The provider, with a fresh account behind it."""
    return configured_engine
