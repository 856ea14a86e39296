"""What AWS refuses of VPCs, subnets and internet gateways, each tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Refused = Callable[..., None]
VPC = "vpc-0123456789abcdef0"
SUBNET = "subnet-0123456789abcdef0"
INTERNET_GATEWAY = "igw-0123456789abcdef0"


def internet_gateway(aws: Any) -> str:
    return aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]


def subnet(aws: Any, vpc: str, cidr: str) -> Callable[[], Any]:
    return lambda: aws.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)


@pytest.mark.refusal("vpc-unknown", "InvalidVpcID.NotFound", f"The vpc ID '{VPC}' does not exist")
def test_a_vpc_that_does_not_exist(aws: Any, refused: Refused) -> None:
    gateway = internet_gateway(aws)
    refused(
        subnet(aws, VPC, "10.20.1.0/24"),
        lambda: aws.ec2.delete_vpc(VpcId=VPC),
        lambda: aws.ec2.create_route_table(VpcId=VPC),
        lambda: aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=VPC),
    )


@pytest.mark.refusal(
    "vpc-quota",
    "VpcLimitExceeded",
    "The maximum number of VPCs has been reached.",
    quotas={"vpcs_per_region": 2},
)
def test_one_vpc_more_than_the_quota(aws: Any, refused: Refused) -> None:
    aws.vpc()
    refused(aws.vpc)


@pytest.mark.refusal("vpc-in-use", "DependencyViolation", "The vpc '{vpc}' has dependencies and cannot be deleted.")
def test_the_deletion_of_a_vpc_with_an_internet_gateway(aws: Any, refused: Refused) -> None:
    vpc = aws.vpc()
    aws.ec2.attach_internet_gateway(InternetGatewayId=internet_gateway(aws), VpcId=vpc)
    refused(lambda: aws.ec2.delete_vpc(VpcId=vpc), vpc=vpc)


@pytest.mark.refusal("subnet-unknown", "InvalidSubnetID.NotFound", f"The subnet ID '{SUBNET}' does not exist")
def test_a_subnet_that_does_not_exist(aws: Any, refused: Refused) -> None:
    allocation = aws.allocate()
    route_table = aws.ec2.create_route_table(VpcId=aws.vpc())["RouteTable"]["RouteTableId"]
    refused(
        lambda: aws.ec2.delete_subnet(SubnetId=SUBNET),
        lambda: aws.ec2.describe_subnets(SubnetIds=[SUBNET]),
        lambda: aws.ec2.create_nat_gateway(SubnetId=SUBNET, AllocationId=allocation),
        lambda: aws.ec2.associate_route_table(SubnetId=SUBNET, RouteTableId=route_table),
        lambda: aws.ec2.modify_subnet_attribute(SubnetId=SUBNET, MapPublicIpOnLaunch={"Value": False}),
    )


@pytest.mark.refusal(
    "subnet-quota",
    "SubnetLimitExceeded",
    "The maximum number of subnets has been reached.",
    quotas={"subnets_per_vpc": 1},
)
def test_one_subnet_more_than_the_vpc_may_have(aws: Any, refused: Refused) -> None:
    vpc = aws.vpc()
    subnet(aws, vpc, "10.20.1.0/24")()
    refused(subnet(aws, vpc, "10.20.2.0/24"))


@pytest.mark.refusal("subnet-range", "InvalidSubnet.Range", "The CIDR '{cidr}' is invalid.")
@pytest.mark.parametrize("cidr", ["10.21.1.0/24", "10.20.1.0/29"], ids=["outside-the-vpc", "too-small"])
def test_a_subnet_that_does_not_fit(aws: Any, refused: Refused, cidr: str) -> None:
    refused(subnet(aws, aws.vpc(), cidr), cidr=cidr)


@pytest.mark.refusal(
    "subnet-conflict", "InvalidSubnet.Conflict", "The CIDR '10.20.1.128/25' conflicts with another subnet"
)
def test_a_subnet_that_overlaps_another(aws: Any, refused: Refused) -> None:
    vpc = aws.vpc()
    subnet(aws, vpc, "10.20.1.0/24")()
    refused(subnet(aws, vpc, "10.20.1.128/25"))


@pytest.mark.refusal(
    "subnet-in-use", "DependencyViolation", "The subnet '{subnet}' has dependencies and cannot be deleted."
)
@pytest.mark.parametrize("user", ["nat-gateway", "node-group", "interface"])
def test_the_deletion_of_a_subnet_in_use(aws: Any, refused: Refused, user: str) -> None:
    used = aws.subnet()["SubnetId"]
    {"nat-gateway": aws.nat_gateway, "node-group": lambda: aws.node_group(aws.cluster()), "interface": aws.interface}[
        user
    ]()
    refused(lambda: aws.ec2.delete_subnet(SubnetId=used), subnet=used)


@pytest.mark.refusal(
    "internet-gateway-quota",
    "InternetGatewayLimitExceeded",
    "The maximum number of internet gateways has been reached.",
    quotas={"internet_gateways_per_region": 2},
)
def test_one_internet_gateway_more_than_the_quota(aws: Any, refused: Refused) -> None:
    internet_gateway(aws)
    refused(lambda: internet_gateway(aws))


@pytest.mark.refusal(
    "internet-gateway-unknown",
    "InvalidInternetGatewayID.NotFound",
    f"The internetGateway ID '{INTERNET_GATEWAY}' does not exist",
)
def test_an_internet_gateway_that_does_not_exist(aws: Any, refused: Refused) -> None:
    vpc = aws.vpc()
    refused(
        lambda: aws.ec2.attach_internet_gateway(InternetGatewayId=INTERNET_GATEWAY, VpcId=vpc),
        lambda: aws.ec2.detach_internet_gateway(InternetGatewayId=INTERNET_GATEWAY, VpcId=vpc),
        lambda: aws.ec2.delete_internet_gateway(InternetGatewayId=INTERNET_GATEWAY),
    )


@pytest.mark.refusal(
    "internet-gateway-attached",
    "Resource.AlreadyAssociated",
    "resource {gateway} is already attached to network {vpc}",
)
def test_a_second_vpc_for_an_internet_gateway(aws: Any, refused: Refused) -> None:
    gateway, first, second = internet_gateway(aws), aws.vpc(), aws.vpc()
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=first)
    refused(
        lambda: aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=second), gateway=gateway, vpc=first
    )


@pytest.mark.refusal(
    "internet-gateway-with-addresses",
    "DependencyViolation",
    "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the "
    "gateway.",
)
def test_the_detachment_of_an_internet_gateway_in_use(aws: Any, refused: Refused) -> None:
    aws.nat_gateway()
    vpc = aws.subnet()["VpcId"]
    gateway = aws.ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    refused(lambda: aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc), vpc=vpc)


@pytest.mark.refusal(
    "internet-gateway-in-use",
    "DependencyViolation",
    "The internetGateway '{gateway}' has dependencies and cannot be deleted.",
)
def test_the_deletion_of_an_attached_internet_gateway(aws: Any, refused: Refused) -> None:
    gateway = internet_gateway(aws)
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=aws.vpc())
    refused(lambda: aws.ec2.delete_internet_gateway(InternetGatewayId=gateway), gateway=gateway)
