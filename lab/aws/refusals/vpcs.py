"""VPCs, their subnets and their internet gateways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any

from lab.aws.refusals.row import ERRORS, Call, Refusal

Fields = Mapping[str, object] | None

CREATE_SUBNET = "ec2:create_subnet"
DELETE_SUBNET = "ec2:delete_subnet"
CREATE_VPC = "ec2:create_vpc"
DELETE_VPC = "ec2:delete_vpc"
CREATE_INTERNET_GATEWAY = "ec2:create_internet_gateway"
ATTACH_INTERNET_GATEWAY = "ec2:attach_internet_gateway"
DETACH_INTERNET_GATEWAY = "ec2:detach_internet_gateway"
DELETE_INTERNET_GATEWAY = "ec2:delete_internet_gateway"

LARGEST, SMALLEST = 16, 28
"""Prefix lengths of the largest and the smallest subnet (API_CreateSubnet)."""


def _subnets(backend: Any) -> dict[str, Any]:
    return {subnet.id: subnet for subnet in backend.describe_subnets()}


def _network(call: Call) -> IPv4Network | None:
    cidr = call.arguments.get("cidr_block")
    try:
        return IPv4Network(cidr) if cidr else None
    except ValueError:
        return None


def _unknown_vpc(call: Call) -> Fields:
    vpc = call.arguments.get("vpc_id")
    return {"vpc": vpc} if vpc and vpc not in call.backend.vpcs else None


def _unknown_subnet(call: Call) -> Fields:
    subnet_ids = call.arguments.get("subnet_ids")
    wanted: Iterable[str | None] = subnet_ids or [call.arguments.get("subnet_id")]
    known = _subnets(call.backend)
    missing = [subnet for subnet in wanted if subnet and subnet not in known]
    return {"subnet": missing[0]} if missing else None


def _subnet_quota(call: Call) -> Fields:
    used = sum(1 for subnet in _subnets(call.backend).values() if subnet.vpc_id == call.arguments["vpc_id"])
    return {} if used >= call.account.quotas.subnets_per_vpc else None


def _subnet_range(call: Call) -> Fields:
    network = _network(call)
    vpc = call.backend.vpcs.get(call.arguments["vpc_id"])
    if network is None or vpc is None:
        return None
    blocks = [IPv4Network(block["cidr_block"]) for block in vpc.get_cidr_block_association_set()]
    fits = LARGEST <= network.prefixlen <= SMALLEST and any(network.subnet_of(block) for block in blocks)
    return None if fits else {"cidr": network}


def _subnet_conflict(call: Call) -> Fields:
    network = _network(call)
    if network is None:
        return None
    for subnet in _subnets(call.backend).values():
        if subnet.vpc_id == call.arguments["vpc_id"] and subnet.cidr.overlaps(network):
            return {"cidr": network}
    return None


def _subnet_in_use(call: Call) -> Fields:
    subnet = call.arguments["subnet_id"]
    backend = call.backend
    interfaces = [interface for interface in backend.enis.values() if interface.subnet.id == subnet]
    gateways = [
        gateway
        for gateway in backend.nat_gateways.values()
        if gateway.subnet_id == subnet and gateway.state not in ("deleted", "failed")
    ]
    clusters = call.account.backend("eks", backend.region_name).clusters.values()
    groups = [group for cluster in clusters for group in cluster.nodegroups.values() if subnet in group.subnets]
    return {"subnet": subnet} if interfaces or gateways or groups else None


def _vpc_quota(call: Call) -> Fields:
    # moto makes the default VPC itself, while the backend is born: it counts, and is never refused.
    return {} if len(call.backend.vpcs) >= call.account.quotas.vpcs_per_region else None


def _vpc_in_use(call: Call) -> Fields:
    vpc = call.arguments["vpc_id"]
    backend = call.backend
    subnets = [subnet for subnet in _subnets(backend).values() if subnet.vpc_id == vpc]
    gateways = [gateway for gateway in backend.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc]
    tables = [table for table in backend.route_tables.values() if table.vpc_id == vpc and not table.main_association_id]
    return {"vpc": vpc} if subnets or gateways or tables else None


def _internet_gateway_quota(call: Call) -> Fields:
    used = len(call.backend.internet_gateways)
    return {} if used >= call.account.quotas.internet_gateways_per_region else None


def _unknown_internet_gateway(call: Call) -> Fields:
    gateway = call.arguments["internet_gateway_id"]
    return None if gateway in call.backend.internet_gateways else {"gateway": gateway}


def _internet_gateway_attached(call: Call) -> Fields:
    gateway = call.backend.internet_gateways.get(call.arguments["internet_gateway_id"])
    return {"gateway": gateway.id} if gateway is not None and gateway.vpc else None


def _already_attached(call: Call) -> Fields:
    gateway = call.backend.internet_gateways.get(call.arguments["internet_gateway_id"])
    if gateway is None or not gateway.vpc:
        return None
    return {"gateway": gateway.id, "vpc": gateway.vpc.id}


def _mapped_addresses(call: Call) -> Fields:
    vpc = call.arguments["vpc_id"]
    mapped = [address for address in call.backend.addresses if address.eni and address.eni.subnet.vpc_id == vpc]
    return {"vpc": vpc} if mapped else None


ROWS = (
    Refusal(
        "vpc-unknown",
        (CREATE_SUBNET, DELETE_VPC, "ec2:create_route_table", ATTACH_INTERNET_GATEWAY),
        "InvalidVpcID.NotFound",
        "The vpc ID '{vpc}' does not exist",
        ERRORS,
        _unknown_vpc,
    ),
    Refusal(
        "vpc-quota",
        (CREATE_VPC,),
        "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
        f"{ERRORS}; quota: Amazon VPC quotas, VPCs per Region",
        _vpc_quota,
    ),
    Refusal(
        "vpc-in-use",
        (DELETE_VPC,),
        "DependencyViolation",
        "The vpc '{vpc}' has dependencies and cannot be deleted.",
        f"{ERRORS}; API_DeleteVpc",
        _vpc_in_use,
    ),
    Refusal(
        "subnet-unknown",
        (
            DELETE_SUBNET,
            "ec2:describe_subnets",
            "ec2:create_nat_gateway",
            "ec2:associate_route_table",
            "ec2:modify_subnet_attribute",
        ),
        "InvalidSubnetID.NotFound",
        "The subnet ID '{subnet}' does not exist",
        ERRORS,
        _unknown_subnet,
    ),
    Refusal(
        "subnet-quota",
        (CREATE_SUBNET,),
        "SubnetLimitExceeded",
        "The maximum number of subnets has been reached.",
        f"{ERRORS}; quota: Amazon VPC quotas, Subnets per VPC",
        _subnet_quota,
    ),
    Refusal(
        "subnet-range",
        (CREATE_SUBNET,),
        "InvalidSubnet.Range",
        "The CIDR '{cidr}' is invalid.",
        f"{ERRORS}; API_CreateSubnet",
        _subnet_range,
    ),
    Refusal(
        "subnet-conflict",
        (CREATE_SUBNET,),
        "InvalidSubnet.Conflict",
        "The CIDR '{cidr}' conflicts with another subnet",
        ERRORS,
        _subnet_conflict,
    ),
    Refusal(
        "subnet-in-use",
        (DELETE_SUBNET,),
        "DependencyViolation",
        "The subnet '{subnet}' has dependencies and cannot be deleted.",
        f"{ERRORS}; API_DeleteSubnet",
        _subnet_in_use,
    ),
    Refusal(
        "internet-gateway-quota",
        (CREATE_INTERNET_GATEWAY,),
        "InternetGatewayLimitExceeded",
        "The maximum number of internet gateways has been reached.",
        f"{ERRORS}; quota: Amazon VPC quotas, Internet gateways per Region",
        _internet_gateway_quota,
    ),
    Refusal(
        "internet-gateway-unknown",
        (ATTACH_INTERNET_GATEWAY, DETACH_INTERNET_GATEWAY, DELETE_INTERNET_GATEWAY),
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID '{gateway}' does not exist",
        ERRORS,
        _unknown_internet_gateway,
    ),
    Refusal(
        "internet-gateway-attached",
        (ATTACH_INTERNET_GATEWAY,),
        "Resource.AlreadyAssociated",
        "resource {gateway} is already attached to network {vpc}",
        f"{ERRORS}; API_AttachInternetGateway",
        _already_attached,
    ),
    Refusal(
        "internet-gateway-with-addresses",
        (DETACH_INTERNET_GATEWAY,),
        "DependencyViolation",
        "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching "
        "the gateway.",
        f"{ERRORS}; API_DetachInternetGateway",
        _mapped_addresses,
    ),
    Refusal(
        "internet-gateway-in-use",
        (DELETE_INTERNET_GATEWAY,),
        "DependencyViolation",
        "The internetGateway '{gateway}' has dependencies and cannot be deleted.",
        f"{ERRORS}; API_DeleteInternetGateway",
        _internet_gateway_attached,
    ),
)
