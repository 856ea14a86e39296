"""Route tables, routes, their associations, and NAT gateways."""

from __future__ import annotations

import zlib
from typing import Any

from lab.standins.aws import ec2_tags
from lab.standins.aws.clients import Aws, waiting
from lab.standins.aws.rows import (
    FIXED,
    FIXED_OR_GIVEN,
    OUTPUT,
    SCHEMAS,
    Property,
    ResourceType,
    Unfinished,
)
from lab.standins.values import Values

NO_ROUTE_TABLE = frozenset({"InvalidRouteTableID.NotFound"})


def _table(aws: Aws, table: str) -> dict[str, Any] | None:
    found = aws.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return found[0] if found else None


def _create_table(aws: Aws, values: Values) -> str:
    tags = ec2_tags.specification("route-table", values)
    created = aws.ec2.create_route_table(VpcId=values["vpcId"], TagSpecifications=tags)
    return str(created["RouteTable"]["RouteTableId"])


def _read_table(aws: Aws, table: str, _: Values) -> Values | None:
    found = _table(aws, table)
    if found is None:
        return None
    return {
        "arn": f"arn:aws:ec2:{aws.region}:123456789012:route-table/{table}",
        "ownerId": found.get("OwnerId"),
        "vpcId": found["VpcId"],
        "tagsAll": ec2_tags.read(found),
    }


def _delete_table(aws: Aws, table: str, _: Values) -> None:
    aws.ec2.delete_route_table(RouteTableId=table)


ROUTE_TABLE = ResourceType(
    token="aws:ec2/routeTable:RouteTable",
    # Routes inside the table are left out: a table with both kinds never comes to rest, and ours stand by themselves.
    source=f"{SCHEMAS}: internal/service/ec2/vpc_route_table.go, resourceRouteTable",
    properties={"vpcId": Property(required=True, replaces=True), "arn": OUTPUT, "ownerId": OUTPUT},
    create=_create_table,
    read=_read_table,
    update=ec2_tags.update,
    delete=_delete_table,
    gone=NO_ROUTE_TABLE,
)


def _target(values: Values) -> dict[str, str]:
    if values.get("natGatewayId"):
        return {"NatGatewayId": values["natGatewayId"]}
    return {"GatewayId": values["gatewayId"]}


def _create_route(aws: Aws, values: Values) -> str:
    table, destination = str(values["routeTableId"]), str(values["destinationCidrBlock"])
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=destination, **_target(values))
    return _route_id(table, destination)


def _route_id(table: str, destination: str) -> str:
    return f"r-{table}{zlib.crc32(destination.encode())}"


def _adopt_route(_: Aws, import_id: str) -> tuple[str, Values]:
    """For an import the id is TABLE_DESTINATION."""
    table, _underscore, destination = import_id.partition("_")
    return _route_id(table, destination), {"routeTableId": table, "destinationCidrBlock": destination}


def _read_route(aws: Aws, _: str, known: Values) -> Values | None:
    table, destination = str(known["routeTableId"]), str(known["destinationCidrBlock"])
    found = _table(aws, table)
    for candidate in found["Routes"] if found else ():
        if candidate.get("DestinationCidrBlock") == destination and candidate.get("Origin") == "CreateRoute":
            return {
                "routeTableId": table,
                "destinationCidrBlock": destination,
                "natGatewayId": candidate.get("NatGatewayId"),
                "gatewayId": candidate.get("GatewayId"),
                "origin": candidate.get("Origin"),
                "state": candidate.get("State"),
            }
    return None


def _update_route(aws: Aws, _: str, __: Values, new: Values) -> None:
    table, destination = new["routeTableId"], new["destinationCidrBlock"]
    aws.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=destination, **_target(new))


def _delete_route(aws: Aws, _: str, state: Values) -> None:
    aws.ec2.delete_route(RouteTableId=state["routeTableId"], DestinationCidrBlock=state["destinationCidrBlock"])


ROUTE = ResourceType(
    token="aws:ec2/route:Route",
    source=f"{SCHEMAS}: internal/service/ec2/vpc_route.go, resourceRoute",
    properties={
        "routeTableId": Property(required=True, replaces=True),
        "destinationCidrBlock": Property(required=True, replaces=True),
        "natGatewayId": Property(),
        "gatewayId": Property(),
        "origin": OUTPUT,
        "state": OUTPUT,
    },
    create=_create_route,
    read=_read_route,
    update=_update_route,
    delete=_delete_route,
    adopt=_adopt_route,
    tagged=False,
    one_of=(("natGatewayId", "gatewayId"),),
    gone=NO_ROUTE_TABLE | {"InvalidRoute.NotFound"},
)


def _associate(aws: Aws, values: Values) -> str:
    wanted = {"RouteTableId": values["routeTableId"], "SubnetId": values["subnetId"]}
    return str(aws.ec2.associate_route_table(**wanted)["AssociationId"])


def _adopt_association(aws: Aws, import_id: str) -> tuple[str, Values]:
    """For an import the id is SUBNET/TABLE."""
    subnet, _slash, table = import_id.partition("/")
    found = _table(aws, table) if table else None
    for candidate in found["Associations"] if found else ():
        if candidate.get("SubnetId") == subnet:
            return str(candidate["RouteTableAssociationId"]), {}
    return import_id, {}


def _read_association(aws: Aws, association: str, _: Values) -> Values | None:
    filters = [{"Name": "association.route-table-association-id", "Values": [association]}]
    for found in aws.ec2.describe_route_tables(Filters=filters)["RouteTables"]:
        for candidate in found["Associations"]:
            if candidate["RouteTableAssociationId"] == association:
                return {"routeTableId": found["RouteTableId"], "subnetId": candidate.get("SubnetId")}
    return None


def _disassociate(aws: Aws, association: str, _: Values) -> None:
    aws.ec2.disassociate_route_table(AssociationId=association)


ROUTE_TABLE_ASSOCIATION = ResourceType(
    token="aws:ec2/routeTableAssociation:RouteTableAssociation",
    source=f"{SCHEMAS}: internal/service/ec2/vpc_route_table_association.go, resourceRouteTableAssociation",
    properties={
        "subnetId": Property(required=True, replaces=True),
        # The schema has this one changeable, with a new id; here a new id is a new resource.
        "routeTableId": Property(required=True, replaces=True),
    },
    create=_associate,
    read=_read_association,
    delete=_disassociate,
    adopt=_adopt_association,
    tagged=False,
    gone=NO_ROUTE_TABLE | {"InvalidAssociationID.NotFound"},
)


def _gateway(aws: Aws, gateway: str) -> dict[str, Any] | None:
    found = aws.ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
    return found[0] if found and found[0]["State"] != "deleted" else None


def _create_gateway(aws: Aws, values: Values) -> str:
    wanted: dict[str, Any] = {
        "SubnetId": values["subnetId"],
        "ConnectivityType": values["connectivityType"],
        "TagSpecifications": ec2_tags.specification("natgateway", values),
    }
    if values.get("allocationId"):
        wanted["AllocationId"] = values["allocationId"]
    gateway = str(aws.ec2.create_nat_gateway(**wanted)["NatGateway"]["NatGatewayId"])
    found: dict[str, Any] = {}

    def settled() -> bool:
        found.update(_gateway(aws, gateway) or {"State": "deleted"})
        return found["State"] != "pending"

    waiting(settled, f"NAT gateway {gateway}")
    if found["State"] != "available":
        raise Unfinished(
            gateway,
            f"waiting for EC2 NAT Gateway ({gateway}) create: unexpected state '{found['State']}', wanted target "
            f"'available'. last error: {found.get('FailureCode')}: {found.get('FailureMessage')}",
        )
    return gateway


def _read_gateway(aws: Aws, gateway: str, _: Values) -> Values | None:
    found = _gateway(aws, gateway)
    if found is None:
        return None
    address = (found.get("NatGatewayAddresses") or [{}])[0]
    return {
        "allocationId": address.get("AllocationId"),
        "associationId": address.get("AssociationId"),
        "connectivityType": found.get("ConnectivityType") or "public",
        "networkInterfaceId": address.get("NetworkInterfaceId"),
        "privateIp": address.get("PrivateIp"),
        "publicIp": address.get("PublicIp"),
        "subnetId": found["SubnetId"],
        "vpcId": found.get("VpcId"),
        "tagsAll": ec2_tags.read(found),
    }


def _delete_gateway(aws: Aws, gateway: str, _: Values) -> None:
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    waiting(lambda: _gateway(aws, gateway) is None, f"the deletion of NAT gateway {gateway}")


NAT_GATEWAY = ResourceType(
    token="aws:ec2/natGateway:NatGateway",
    source=f"{SCHEMAS}: internal/service/ec2/vpc_nat_gateway.go, resourceNATGateway",
    properties={
        "subnetId": Property(required=True, replaces=True),
        "allocationId": FIXED,
        "connectivityType": Property(replaces=True, default="public"),
        "privateIp": FIXED_OR_GIVEN,
        "associationId": OUTPUT,
        "networkInterfaceId": OUTPUT,
        "publicIp": OUTPUT,
        "vpcId": OUTPUT,
    },
    create=_create_gateway,
    read=_read_gateway,
    update=ec2_tags.update,
    delete=_delete_gateway,
    gone=frozenset({"NatGatewayNotFound"}),
)

ROWS = (ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION, NAT_GATEWAY)
