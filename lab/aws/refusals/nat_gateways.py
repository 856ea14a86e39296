"""NAT gateways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.aws.refusals.row import ERRORS, Call, Refusal

Fields = Mapping[str, object] | None

CREATE = "ec2:create_nat_gateway"
DELETE = "ec2:delete_nat_gateway"
DESCRIBE = "ec2:describe_nat_gateways"
FAILURES = "API_NatGateway, FailureCode and FailureMessage (EC2 API reference)"

COUNTED_STATES = ("pending", "available", "deleting")


def _subnets(call: Call) -> dict[str, Any]:
    return {subnet.id: subnet for subnet in call.backend.describe_subnets()}


def _quota(call: Call) -> Fields:
    subnets = _subnets(call)
    subnet = subnets.get(call.arguments["subnet_id"])
    if subnet is None:
        return None
    used = sum(
        1
        for gateway in call.backend.nat_gateways.values()
        if gateway.state in COUNTED_STATES and subnets[gateway.subnet_id].availability_zone == subnet.availability_zone
    )
    quota = call.account.quotas.nat_gateways_per_zone
    return {"quota": quota} if used >= quota else None


def _unknown(call: Call) -> Fields:
    wanted = call.arguments.get("nat_gateway_ids") or [call.arguments.get("nat_gateway_id")]
    missing = [gateway for gateway in wanted if gateway and gateway not in call.backend.nat_gateways]
    return {"gateway": missing[0]} if missing else None


def _unknown_allocation(call: Call) -> Fields:
    allocation = call.arguments["allocation_id"]
    known = {address.allocation_id for address in call.backend.addresses}
    return {"allocation": allocation} if allocation and allocation not in known else None


def _associated(call: Call) -> Fields:
    allocation = call.arguments["allocation_id"]
    taken = {address.allocation_id for address in call.backend.addresses if address.association_id}
    return {"allocation": allocation} if allocation in taken else None


def _no_internet_gateway(call: Call) -> Fields:
    if call.arguments.get("connectivity_type") == "private":
        return None
    vpc = _subnets(call)[call.arguments["subnet_id"]].vpc_id
    attached = {gateway.vpc.id for gateway in call.backend.internet_gateways.values() if gateway.vpc}
    return None if vpc in attached else {"vpc": vpc}


ROWS = (
    Refusal(
        "nat-gateway-unknown",
        (DELETE, DESCRIBE),
        "NatGatewayNotFound",
        "NAT gateway {gateway} was not found",
        ERRORS,
        _unknown,
    ),
    Refusal(
        "nat-gateway-quota",
        (CREATE,),
        "NatGatewayLimitExceeded",
        "Performing this operation would exceed the limit of {quota} NAT gateways",
        f"{ERRORS}; quota: Amazon VPC quotas, NAT gateways per Availability Zone",
        _quota,
    ),
    Refusal(
        "nat-gateway-allocation-unknown",
        (CREATE,),
        "InvalidAllocationID.NotFound",
        "Elastic IP address {allocation} could not be associated with this NAT gateway",
        FAILURES,
        _unknown_allocation,
        later=True,
    ),
    Refusal(
        "nat-gateway-address-associated",
        (CREATE,),
        "Resource.AlreadyAssociated",
        "Elastic IP address {allocation} is already associated",
        FAILURES,
        _associated,
        later=True,
    ),
    Refusal(
        "nat-gateway-without-internet",
        (CREATE,),
        "Gateway.NotAttached",
        "Network {vpc} has no Internet gateway attached",
        FAILURES,
        _no_internet_gateway,
        later=True,
    ),
)
