"""Once resources exist, an analysis of the stack's state judges by value what a preview could judge by edges only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from lab.aws.account import Account
from tests.policies.engine.world import World
from tests.standins.kubernetes.api_server import Cluster

REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/mail"


@pytest.fixture
def found(endpoint: str, account: Account) -> dict[str, Any]:
    """A VPC with a public subnet in each zone, a hosted zone and an EKS cluster: what `prod` expects to find."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    ec2, route53, eks = (
        boto3.client(service, region_name=REGION, endpoint_url=endpoint, **keys)
        for service in ("ec2", "route53", "eks")
    )
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    public = {
        f"{REGION}{zone}": ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.40.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    }
    zone = route53.create_hosted_zone(Name="mail.example.com", CallerReference="1")["HostedZone"]["Id"]
    eks.create_cluster(name="mail", roleArn=ROLE, resourcesVpcConfig={"subnetIds": list(public.values())})
    return {"vpc": vpc, "public": public, "zone": zone.rpartition("/")[2]}


@pytest.fixture
def deployed(world: World, cluster: Cluster, endpoint: str, found: dict[str, Any]) -> World:
    """The lanes of `prod`, made."""
    world.settle(cluster, endpoint, "prod")
    world.fill("prod")
    config = world.config("prod")
    egress = config["egress"] | {"vpc_id": found["vpc"], "public_subnet_ids": found["public"]}
    world.change("prod", egress=egress, aws=config["aws"] | {"zone_id": found["zone"]})
    shutil.copy(Path(__file__).with_name("lanes.py"), world.directory / "infra/__main__.py")
    ran = world.command("up", "--yes", "-s", "prod", "--policy-pack", "policies")
    assert ran.code == 0, ran.output
    assert ran.record.violations == []
    return world


def tampered(world: World, name: str, key: str, value: Any) -> None:
    """Lets the state say something else of an output, as a refresh does when somebody changed it by hand."""
    exported = world.command("stack", "export", "-s", "prod")
    state = json.loads(exported.output)
    (found,) = (one for one in state["deployment"]["resources"] if one["urn"].endswith(f"::{name}"))
    assert key in found["outputs"]
    found["outputs"][key] = value
    file = world.directory / "state.json"
    file.write_text(json.dumps(state))
    assert world.command("stack", "import", "-s", "prod", "--file", str(file)).code == 0


ANALYZE = ("policy", "analyze", "-s", "prod", "--policy-pack", "policies")


def test_a_sound_state_passes_and_a_changed_one_does_not(deployed: World) -> None:
    ran = deployed.command(*ANALYZE)
    assert ran.code == 0, ran.output
    tampered(deployed, "cobalt-nat", "publicIp", "203.0.113.99")
    ran = deployed.command(*ANALYZE, "--json")
    assert ran.code != 0
    assert "NatGateway cobalt-nat has the publicIp 203.0.113.99" in ran.output, ran.output
