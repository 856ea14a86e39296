"""Each row of the provider's tables, through a resource's whole life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from lab import settings
from lab.standins.aws.tables import TABLE
from lab.standins.values import UNKNOWN

EIP = "aws:ec2/eip:Eip"
DOMAIN_NAME = "aws:ec2/eipDomainName:EipDomainName"
EIP_ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
RECORD = "aws:route53/record:Record"
ZONE = "aws:route53/zone:Zone"

TAGS = {"warmlane.dev/name": "amber"}


@dataclass(frozen=True)
class Case:
    """Inputs of a type; a property that replaces it with another value; one that may change in place."""

    inputs: dict[str, Any]
    replacing: dict[str, Any]
    in_place: dict[str, Any] | None = None
    import_id: Callable[[Any], str] | None = None


def _named(aws: Any) -> tuple[str, str, str]:
    """An allocation with a name that points to it."""
    allocation = aws.allocate()
    address = aws.public_address(allocation)
    for name in ("amber", "birch"):
        aws.change("CREATE", f"{name}.{settings.DOMAIN}", address)
    return allocation, f"amber.{settings.DOMAIN}", f"birch.{settings.DOMAIN}"


def _domain_name(aws: Any) -> Case:
    allocation, first, second = _named(aws)
    inputs = {"allocationId": allocation, "domainName": first}
    return Case(inputs, {"allocationId": aws.allocate()}, {"domainName": second})


def _association(aws: Any) -> Case:
    inputs = {"allocationId": aws.allocate(), "networkInterfaceId": aws.interface()}
    return Case(inputs, {"networkInterfaceId": aws.interface()})


def _subnet(aws: Any) -> Case:
    inputs = {"vpcId": aws.vpc(), "cidrBlock": "10.20.1.0/24", "availabilityZone": "us-east-1b", "tags": TAGS}
    return Case(inputs, {"cidrBlock": "10.20.2.0/24"}, {"tags": {"owner": "mail"}})


def _table(aws: Any) -> str:
    return aws.ec2.create_route_table(VpcId=aws.subnet()["VpcId"])["RouteTable"]["RouteTableId"]


def _route(aws: Any) -> Case:
    inputs = {"routeTableId": _table(aws), "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": aws.nat_gateway()}
    return Case(
        inputs,
        {"destinationCidrBlock": "192.0.2.0/24"},
        {"natGatewayId": aws.nat_gateway()},
        lambda _: f"{inputs['routeTableId']}_0.0.0.0/0",
    )


def _table_association(aws: Any) -> Case:
    inputs = {"routeTableId": _table(aws), "subnetId": aws.subnet()["SubnetId"]}
    import_id = f"{inputs['subnetId']}/{inputs['routeTableId']}"
    return Case(inputs, {"routeTableId": _table(aws)}, import_id=lambda _: import_id)


def _nat_gateway(aws: Any) -> Case:
    inputs = {"allocationId": aws.allocate(), "subnetId": aws.subnet()["SubnetId"], "tags": TAGS}
    return Case(inputs, {"allocationId": aws.allocate()}, {"tags": {"owner": "mail"}})


def _node_group(aws: Any) -> Case:
    inputs = {
        "clusterName": aws.cluster(),
        "nodeGroupName": "amber",
        "nodeRoleArn": "arn:aws:iam::123456789012:role/nodes",
        "subnetIds": [aws.subnet(1)["SubnetId"], aws.subnet(0)["SubnetId"]],
        "scalingConfig": {"desiredSize": 1, "maxSize": 2, "minSize": 1},
        "labels": {"warmlane.dev/lane": "amber"},
        "taints": [{"key": "warmlane.dev/lane", "value": "amber", "effect": "NO_SCHEDULE"}],
        "instanceTypes": ["t3.medium"],
        "updateConfig": {"maxUnavailable": 1},
        "tags": TAGS,
    }
    changed = {
        "updateConfig": {"maxUnavailable": 2},
        "labels": {"warmlane.dev/lane": "birch"},
        "scalingConfig": {"desiredSize": 2, "maxSize": 2, "minSize": 1},
    }
    return Case(inputs, {"subnetIds": [aws.subnet()["SubnetId"]]}, changed)


CASES: dict[str, Callable[[Any], Case]] = {
    EIP: lambda aws: Case(
        {"domain": "vpc", "tags": TAGS}, {"networkBorderGroup": "us-east-1-wl1"}, {"tags": {"a": "b"}}
    ),
    DOMAIN_NAME: _domain_name,
    EIP_ASSOCIATION: _association,
    VPC: lambda aws: Case({"cidrBlock": "10.20.0.0/16"}, {"cidrBlock": "10.21.0.0/16"}, {"enableDnsHostnames": True}),
    SUBNET: _subnet,
    INTERNET_GATEWAY: lambda aws: Case({"vpcId": aws.vpc()}, {"region": "eu-west-1"}, {"vpcId": aws.vpc()}),
    ROUTE_TABLE: lambda aws: Case({"vpcId": aws.vpc()}, {"vpcId": aws.vpc()}, {"tags": TAGS}),
    ROUTE: _route,
    ROUTE_TABLE_ASSOCIATION: _table_association,
    NAT_GATEWAY: _nat_gateway,
    NODE_GROUP: _node_group,
    RECORD: lambda aws: Case(
        {
            "zoneId": settings.HOSTED_ZONE,
            "name": f"_dmarc.amber.{settings.DOMAIN}",
            "type": "TXT",
            "ttl": 300,
            "records": ["v=DMARC1; p=none"],
        },
        {"name": f"_dmarc.birch.{settings.DOMAIN}"},
        {"ttl": 60},
    ),
    ZONE: lambda aws: Case({"name": "elsewhere.test", "tags": TAGS}, {"name": "other.test"}, {"comment": "mail"}),
}


@pytest.fixture(params=sorted(CASES))
def token(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def case(token: str, aws: Any) -> Case:
    return CASES[token](aws)


def test_every_row_has_a_case() -> None:
    assert set(CASES) == set(TABLE)


def test_created_as_asked_and_then_unchanged(engine: Any, token: str, case: Case) -> None:
    created = engine.create(token, **case.inputs)
    assert created.id
    state = created.state
    assert {key: TABLE[token].known[key].same(value, state.get(key)) for key, value in case.inputs.items()} == {
        key: True for key in case.inputs
    }
    assert engine.diff(created, **case.inputs) == (set(), set()), "the same inputs again change nothing"


def test_replaced_when_a_fixed_property_changes(engine: Any, token: str, case: Case) -> None:
    created = engine.create(token, **case.inputs)
    changed, replacing = engine.diff(created, **{**case.inputs, **case.replacing})
    assert changed == replacing == set(case.replacing)


def test_updated_in_place(engine: Any, token: str, case: Case) -> None:
    if case.in_place is None:
        assert TABLE[token].update is None, "a type that can be updated has a case of it"
        return
    created = engine.create(token, **case.inputs)
    wanted = {**case.inputs, **case.in_place}
    changed, replacing = engine.diff(created, **wanted)
    assert changed >= set(case.in_place)
    assert not replacing
    updated = engine.update(created, **wanted)
    assert engine.diff(updated, **wanted) == (set(), set())
    assert engine.diff(engine.refresh(updated), **wanted) == (set(), set()), "AWS has what the update said"


def test_refreshed_without_a_change(engine: Any, token: str, case: Case) -> None:
    created = engine.create(token, **case.inputs)
    refreshed = engine.refresh(created)
    assert refreshed.state == created.state
    assert refreshed.inputs == created.inputs


def test_imported_by_its_id(engine: Any, token: str, case: Case) -> None:
    created = engine.create(token, **case.inputs)
    adopted = engine.adopt(token, case.import_id(created) if case.import_id else created.id)
    assert adopted.id == created.id
    assert engine.diff(adopted, **case.inputs) == (set(), set()), "an import with the same inputs changes nothing"
    required = {key for key, known in TABLE[token].inputs.items() if known.required}
    assert required <= set(adopted.inputs)


def test_deleted_and_then_gone(engine: Any, token: str, case: Case) -> None:
    created = engine.create(token, **case.inputs)
    engine.delete(created)
    assert engine.refresh(created) is None
    engine.delete(created)


def test_a_preview_knows_what_the_program_says_and_nothing_more(engine: Any, token: str, case: Case) -> None:
    foreseen = engine.preview(token, **case.inputs)
    assert {key: foreseen[key] for key in case.inputs} == case.inputs
    outputs = {key for key, known in TABLE[token].properties.items() if known.output}
    assert {foreseen[key] for key in outputs} <= {UNKNOWN}
    if TABLE[token].tagged:
        assert foreseen["tagsAll"] == case.inputs.get("tags", {}), "rules read tags while ids are unknown"


def test_an_unknown_property_is_refused(engine: Any, token: str, case: Case) -> None:
    _, failures = engine.check(token, **case.inputs, colour="amber")
    assert set(failures) == {"colour"}
    assert "has no property 'colour'" in failures["colour"]


def test_a_missing_property_is_refused(engine: Any, token: str, case: Case) -> None:
    required = [key for key, known in TABLE[token].inputs.items() if known.required]
    for key in required:
        _, failures = engine.check(token, **{name: value for name, value in case.inputs.items() if name != key})
        assert failures == {key: f"missing required property {key!r}"}
