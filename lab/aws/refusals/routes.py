"""Route tables, their routes and their subnets."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from lab.aws.refusals.row import ERRORS, Call, Refusal

Fields = Mapping[str, object] | None

CREATE_TABLE = "ec2:create_route_table"
DELETE_TABLE = "ec2:delete_route_table"
CREATE = "ec2:create_route"
REPLACE = "ec2:replace_route"
DELETE = "ec2:delete_route"
ASSOCIATE = "ec2:associate_route_table"
DISASSOCIATE = "ec2:disassociate_route_table"
REASSOCIATE = "ec2:replace_route_table_association"


def _table(call: Call) -> Any:
    return call.backend.route_tables.get(call.arguments.get("route_table_id"))


def _route(call: Call) -> Any:
    table = _table(call)
    cidr = call.arguments.get("destination_cidr_block")
    if table is None or not cidr:
        return None
    wanted = IPv4Network(cidr, strict=False)
    for route in table.routes:
        if route.destination_cidr_block and IPv4Network(route.destination_cidr_block) == wanted:
            return route
    return None


def _table_quota(call: Call) -> Fields:
    used = sum(1 for table in call.backend.route_tables.values() if table.vpc_id == call.arguments["vpc_id"])
    return {} if used >= call.account.quotas.route_tables_per_vpc else None


def _unknown_table(call: Call) -> Fields:
    wanted = call.arguments.get("route_table_ids") or [call.arguments.get("route_table_id")]
    missing = [table for table in wanted if table and table not in call.backend.route_tables]
    return {"table": missing[0]} if missing else None


def _table_in_use(call: Call) -> Fields:
    table = _table(call)
    return {"table": table.id} if table is not None and table._associations else None


def _route_exists(call: Call) -> Fields:
    route = _route(call)
    return {"cidr": call.arguments["destination_cidr_block"]} if route is not None else None


def _route_missing(call: Call) -> Fields:
    cidr = call.arguments.get("destination_cidr_block")
    if _table(call) is None or not cidr or _route(call) is not None:
        return None
    return {"cidr": cidr, "table": call.arguments["route_table_id"]}


def _unknown_nat_gateway(call: Call) -> Fields:
    gateway = call.arguments.get("nat_gateway_id")
    found = call.backend.nat_gateways.get(gateway)
    return {"gateway": gateway} if gateway and (found is None or found.state == "deleted") else None


def _unknown_gateway(call: Call) -> Fields:
    gateway = call.arguments.get("gateway_id")
    if not gateway or not gateway.startswith("igw-") or gateway in call.backend.internet_gateways:
        return None
    return {"gateway": gateway}


def _subnet_has_table(call: Call) -> Fields:
    subnet = call.arguments.get("subnet_id")
    for table in call.backend.route_tables.values():
        if subnet and subnet in table._associations.values():
            return {"table": call.arguments["route_table_id"]}
    return None


def _unknown_association(call: Call) -> Fields:
    association = call.arguments["association_id"]
    known = {known for table in call.backend.route_tables.values() for known in table.all_associations_ids}
    return None if association in known else {"association": association}


ROWS = (
    Refusal(
        "route-table-quota",
        (CREATE_TABLE,),
        "RouteTableLimitExceeded",
        "The maximum number of route tables has been reached.",
        f"{ERRORS}; quota: Amazon VPC quotas, Route tables per VPC",
        _table_quota,
    ),
    Refusal(
        "route-table-unknown",
        (DELETE_TABLE, CREATE, REPLACE, DELETE, ASSOCIATE, REASSOCIATE, "ec2:describe_route_tables"),
        "InvalidRouteTableID.NotFound",
        "The routeTable ID '{table}' does not exist",
        ERRORS,
        _unknown_table,
    ),
    Refusal(
        "route-table-in-use",
        (DELETE_TABLE,),
        "DependencyViolation",
        "The routeTable '{table}' has dependencies and cannot be deleted.",
        f"{ERRORS}; API_DeleteRouteTable",
        _table_in_use,
    ),
    Refusal(
        "route-exists",
        (CREATE,),
        "RouteAlreadyExists",
        "The route identified by {cidr} already exists.",
        ERRORS,
        _route_exists,
    ),
    Refusal(
        "route-to-unknown-nat-gateway",
        (CREATE, REPLACE),
        "InvalidNatGatewayID.NotFound",
        "The natGateway ID '{gateway}' does not exist",
        ERRORS,
        _unknown_nat_gateway,
    ),
    Refusal(
        "route-to-unknown-gateway",
        (CREATE, REPLACE),
        "InvalidGatewayID.NotFound",
        "The gateway ID '{gateway}' does not exist",
        ERRORS,
        _unknown_gateway,
    ),
    Refusal(
        "route-to-replace-missing",
        (REPLACE,),
        "InvalidParameterValue",
        "There is no route defined for '{cidr}' in the route table. Use CreateRoute instead.",
        f"{ERRORS}; API_ReplaceRoute",
        _route_missing,
    ),
    Refusal(
        "route-to-delete-missing",
        (DELETE,),
        "InvalidRoute.NotFound",
        "no route with destination-cidr-block {cidr} in route table {table}",
        ERRORS,
        _route_missing,
    ),
    Refusal(
        "subnet-has-route-table",
        (ASSOCIATE,),
        "Resource.AlreadyAssociated",
        "the specified association for route table {table} conflicts with an existing association",
        f"{ERRORS}; API_AssociateRouteTable",
        _subnet_has_table,
    ),
    Refusal(
        "route-table-association-unknown",
        (DISASSOCIATE, REASSOCIATE),
        "InvalidAssociationID.NotFound",
        "The association ID '{association}' does not exist",
        ERRORS,
        _unknown_association,
    ),
)
