"""Pulumi's engine takes up lanes whose state an interrupted run lost: everything is adopted and nothing made twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.found import VARIABLE
from lab import settings
from lab.aws.account import Account
from lab.aws.server import fresh, listening
from tests.cli.pulumi_project import Project, project
from tests.cli.test_found import KEYS, ROLE, World, world_of
from warmlane.environment import NatGateway

pytestmark = pytest.mark.timeout(600)

PROGRAM = """
import os
import pulumi
from components import providers
from components.lane import Lane
from infra import found
from warmlane.environment import Environment

environment = Environment.model_validate_json(open("environment.json").read())
found.adopt(os.environ)
opts = pulumi.ResourceOptions(providers=[providers.aws_provider(environment.aws)])
for lane in sorted(environment.lanes):
    Lane(lane, environment=environment, environment_name="prod", opts=opts)
"""
"""The lanes of an environment, without what needs a cluster."""
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NODES = "aws:eks/nodeGroup:NodeGroup"
TYPES = {
    ROUTE,
    ASSOCIATION,
    NODES,
    "aws:ec2/eip:Eip",
    "aws:ec2/eipDomainName:EipDomainName",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/subnet:Subnet",
    "aws:route53/record:Record",
}
"""What a lane with a NAT gateway is made of."""


@pytest.fixture
def world() -> Iterator[World]:
    """The committed EKS example in an account with its cluster and public subnets."""
    with listening() as endpoint, fresh(Account()):
        made = world_of("prod", endpoint)
        subnets = sorted(made.ec2.describe_subnets()["Subnets"], key=lambda subnet: subnet["CidrBlock"])[:2]
        networks = {"subnetIds": [subnet["SubnetId"] for subnet in subnets]}
        made.eks.create_cluster(name="mail", roleArn=ROLE, resourcesVpcConfig=networks)
        egress = made.environment.egress
        assert isinstance(egress, NatGateway)
        public = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in subnets}
        here = egress.model_copy(update={"vpc_id": subnets[0]["VpcId"], "public_subnet_ids": public})
        block = subnets[0]["CidrBlock"].split(".")[0:2]
        lanes = {
            id_: lane.model_copy(update={"zone": zone, "subnet": f"{'.'.join(block)}.{240 + number}.0/26"})
            for number, (zone, (id_, lane)) in enumerate(zip(public, made.environment.lanes.items(), strict=True))
        }
        environment = made.environment.model_copy(update={"egress": here, "lanes": lanes})
        yield World(environment, made.ec2, made.route53, made.eks)


@pytest.fixture
def engine(world: World, tmp_path: Path) -> Project:
    """An engine with a backend of its own, and the lab's AWS provider."""
    files = {"__main__.py": PROGRAM, "environment.json": world.environment.model_dump_json()}
    return project(tmp_path, files, {**KEYS, "AWS_DEFAULT_REGION": settings.AWS_REGION})


def test_what_a_lane_is_made_of_is_adopted(engine: Project, world: World) -> None:
    engine.run("up", "--yes", "--skip-preview")
    before = engine.ids()
    assert {type_ for type_, _ in before.values()} == TYPES
    # A node group depends on route and association, and a state without these can't have it.
    for lost in (TYPES, {ROUTE, NODES}, {ASSOCIATION, NODES}):
        adopted, told = world.found(engine.forget(lost), "prod")
        assert told == []
        assert set(adopted) == {name for name, (type_, _) in before.items() if type_ in lost}
        engine.run("up", "--yes", **{VARIABLE: json.dumps(adopted)})
        assert engine.ids() == before, f"after the state had lost {', '.join(sorted(lost))}"
    engine.run("preview", "--expect-no-changes")
