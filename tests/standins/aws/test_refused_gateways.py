"""What AWS refuses of NAT gateways and routes, each tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Refused = Callable[..., None]
ALLOCATION = "eipalloc-0123456789abcdef0"
GATEWAY = "nat-0123456789abcdef0"
INTERNET_GATEWAY = "igw-0123456789abcdef0"
TABLE = "rtb-0123456789abcdef0"
ASSOCIATION = "rtbassoc-0123456789abcdef0"
EVERYWHERE = "0.0.0.0/0"


def create(aws: Any, allocation: str, subnet: str | None = None) -> Callable[[], Any]:
    wanted = subnet or aws.subnet()["SubnetId"]
    return lambda: aws.ec2.create_nat_gateway(SubnetId=wanted, AllocationId=allocation)


def route_table(aws: Any) -> str:
    vpc = aws.subnet()["VpcId"]
    return aws.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


@pytest.mark.refusal(
    "nat-gateway-quota",
    "NatGatewayLimitExceeded",
    "Performing this operation would exceed the limit of 2 NAT gateways",
    quotas={"nat_gateways_per_zone": 2},
)
def test_one_gateway_more_than_the_zone_may_have(aws: Any, refused: Refused) -> None:
    aws.nat_gateway()
    deleting = aws.nat_gateway()
    aws.ec2.delete_nat_gateway(NatGatewayId=deleting)
    refused(create(aws, aws.allocate()))


@pytest.mark.refusal("nat-gateway-unknown", "NatGatewayNotFound", f"NAT gateway {GATEWAY} was not found")
def test_a_gateway_that_does_not_exist(aws: Any, refused: Refused) -> None:
    refused(
        lambda: aws.ec2.describe_nat_gateways(NatGatewayIds=[GATEWAY]),
        lambda: aws.ec2.delete_nat_gateway(NatGatewayId=GATEWAY),
    )


@pytest.mark.refusal(
    "nat-gateway-allocation-unknown",
    "InvalidAllocationID.NotFound",
    f"Elastic IP address {ALLOCATION} could not be associated with this NAT gateway",
)
def test_a_gateway_with_an_address_that_does_not_exist(aws: Any, refused: Refused) -> None:
    refused(create(aws, ALLOCATION))


@pytest.mark.refusal(
    "nat-gateway-address-associated",
    "Resource.AlreadyAssociated",
    "Elastic IP address {allocation} is already associated",
)
def test_a_gateway_with_the_address_of_another(aws: Any, refused: Refused) -> None:
    allocation = aws.allocate()
    aws.nat_gateway(allocation)
    refused(create(aws, allocation), allocation=allocation)


@pytest.mark.refusal(
    "nat-gateway-without-internet", "Gateway.NotAttached", "Network {vpc} has no Internet gateway attached"
)
def test_a_gateway_in_a_vpc_without_internet_gateway(aws: Any, refused: Refused) -> None:
    vpc = aws.vpc()
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
    refused(create(aws, aws.allocate(), subnet), vpc=vpc)


@pytest.mark.refusal(
    "route-table-quota",
    "RouteTableLimitExceeded",
    "The maximum number of route tables has been reached.",
    quotas={"route_tables_per_vpc": 2},
)
def test_one_route_table_more_than_the_vpc_may_have(aws: Any, refused: Refused) -> None:
    vpc = aws.subnet()["VpcId"]
    aws.ec2.create_route_table(VpcId=vpc)
    refused(lambda: aws.ec2.create_route_table(VpcId=vpc))


@pytest.mark.refusal(
    "route-table-unknown", "InvalidRouteTableID.NotFound", f"The routeTable ID '{TABLE}' does not exist"
)
def test_a_route_table_that_does_not_exist(aws: Any, refused: Refused) -> None:
    gateway, subnet, known = aws.nat_gateway(), aws.subnet()["SubnetId"], route_table(aws)
    association = aws.ec2.associate_route_table(RouteTableId=known, SubnetId=subnet)["AssociationId"]
    target = {"DestinationCidrBlock": EVERYWHERE, "NatGatewayId": gateway}
    refused(
        lambda: aws.ec2.delete_route_table(RouteTableId=TABLE),
        lambda: aws.ec2.create_route(RouteTableId=TABLE, **target),
        lambda: aws.ec2.replace_route(RouteTableId=TABLE, **target),
        lambda: aws.ec2.delete_route(RouteTableId=TABLE, DestinationCidrBlock=EVERYWHERE),
        lambda: aws.ec2.associate_route_table(RouteTableId=TABLE, SubnetId=aws.subnet(1)["SubnetId"]),
        lambda: aws.ec2.replace_route_table_association(RouteTableId=TABLE, AssociationId=association),
        lambda: aws.ec2.describe_route_tables(RouteTableIds=[TABLE]),
    )


@pytest.mark.refusal(
    "route-table-in-use", "DependencyViolation", "The routeTable '{table}' has dependencies and cannot be deleted."
)
def test_the_deletion_of_a_route_table_in_use(aws: Any, refused: Refused) -> None:
    used = route_table(aws)
    aws.ec2.associate_route_table(RouteTableId=used, SubnetId=aws.subnet()["SubnetId"])
    refused(lambda: aws.ec2.delete_route_table(RouteTableId=used), table=used)


@pytest.mark.refusal("route-exists", "RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.")
def test_a_second_route_to_the_same_destination(aws: Any, refused: Refused) -> None:
    route = {
        "RouteTableId": route_table(aws),
        "DestinationCidrBlock": EVERYWHERE,
        "NatGatewayId": aws.nat_gateway(),
    }
    aws.ec2.create_route(**route)
    refused(lambda: aws.ec2.create_route(**route))


@pytest.mark.refusal(
    "route-to-unknown-nat-gateway",
    "InvalidNatGatewayID.NotFound",
    f"The natGateway ID '{GATEWAY}' does not exist",
)
def test_a_route_to_a_nat_gateway_that_does_not_exist(aws: Any, refused: Refused) -> None:
    empty, full = route_table(aws), route_table(aws)
    aws.ec2.create_route(RouteTableId=full, DestinationCidrBlock=EVERYWHERE, NatGatewayId=aws.nat_gateway())
    target = {"DestinationCidrBlock": EVERYWHERE, "NatGatewayId": GATEWAY}
    refused(
        lambda: aws.ec2.create_route(RouteTableId=empty, **target),
        lambda: aws.ec2.replace_route(RouteTableId=full, **target),
    )


@pytest.mark.refusal(
    "route-to-unknown-gateway",
    "InvalidGatewayID.NotFound",
    f"The gateway ID '{INTERNET_GATEWAY}' does not exist",
)
def test_a_route_to_an_internet_gateway_that_does_not_exist(aws: Any, refused: Refused) -> None:
    empty, full = route_table(aws), route_table(aws)
    aws.ec2.create_route(RouteTableId=full, DestinationCidrBlock=EVERYWHERE, NatGatewayId=aws.nat_gateway())
    target = {"DestinationCidrBlock": EVERYWHERE, "GatewayId": INTERNET_GATEWAY}
    refused(
        lambda: aws.ec2.create_route(RouteTableId=empty, **target),
        lambda: aws.ec2.replace_route(RouteTableId=full, **target),
    )


@pytest.mark.refusal(
    "route-to-replace-missing",
    "InvalidParameterValue",
    "There is no route defined for '0.0.0.0/0' in the route table. Use CreateRoute instead.",
)
def test_the_replacement_of_a_route_that_does_not_exist(aws: Any, refused: Refused) -> None:
    known, gateway = route_table(aws), aws.nat_gateway()
    refused(lambda: aws.ec2.replace_route(RouteTableId=known, DestinationCidrBlock=EVERYWHERE, NatGatewayId=gateway))


@pytest.mark.refusal(
    "route-to-delete-missing",
    "InvalidRoute.NotFound",
    "no route with destination-cidr-block 0.0.0.0/0 in route table {table}",
)
def test_the_deletion_of_a_route_that_does_not_exist(aws: Any, refused: Refused) -> None:
    known = route_table(aws)
    refused(lambda: aws.ec2.delete_route(RouteTableId=known, DestinationCidrBlock=EVERYWHERE), table=known)


@pytest.mark.refusal(
    "subnet-has-route-table",
    "Resource.AlreadyAssociated",
    "the specified association for route table {table} conflicts with an existing association",
)
def test_a_second_route_table_for_a_subnet(aws: Any, refused: Refused) -> None:
    subnet, second = aws.subnet()["SubnetId"], route_table(aws)
    aws.ec2.associate_route_table(RouteTableId=route_table(aws), SubnetId=subnet)
    refused(lambda: aws.ec2.associate_route_table(RouteTableId=second, SubnetId=subnet), table=second)


@pytest.mark.refusal(
    "route-table-association-unknown",
    "InvalidAssociationID.NotFound",
    f"The association ID '{ASSOCIATION}' does not exist",
)
def test_a_route_table_association_that_does_not_exist(aws: Any, refused: Refused) -> None:
    known = route_table(aws)
    refused(
        lambda: aws.ec2.disassociate_route_table(AssociationId=ASSOCIATION),
        lambda: aws.ec2.replace_route_table_association(AssociationId=ASSOCIATION, RouteTableId=known),
    )
