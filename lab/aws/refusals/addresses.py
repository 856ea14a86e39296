"""Elastic addresses and their reverse DNS."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from lab.aws.refusals.row import ERRORS, Call, Refusal

Fields = Mapping[str, object] | None

ALLOCATE = "ec2:allocate_address"
ASSOCIATE = "ec2:associate_address"
DISASSOCIATE = "ec2:disassociate_address"
RELEASE = "ec2:release_address"
MODIFY = "ec2:modify_address_attribute"
RESET = "ec2:reset_address_attribute"


def find(call: Call) -> Any:
    """The address that a call names by allocation id, public address or association id, or None."""
    wanted = call.arguments
    for address in call.backend.addresses:
        if (
            (wanted.get("allocation_id") and address.allocation_id == wanted["allocation_id"])
            or (wanted.get("address") and address.public_ip == wanted["address"])
            or (wanted.get("association_id") and address.association_id == wanted["association_id"])
        ):
            return address
    return None


def holding_gateway(backend: Any, address: Any) -> Any:
    """The NAT gateway whose network interface has the address, or None."""
    for gateway in backend.nat_gateways.values():
        if gateway.state != "deleted" and address.eni is not None and gateway._eni.id == address.eni.id:
            return gateway
    return None


def _quota(call: Call) -> Fields:
    return {} if len(call.backend.addresses) >= call.account.quotas.addresses_per_region else None


def _capacity(call: Call) -> Fields:
    return {} if call.account.pool.peek(call.account.addresses_taken()) is None else None


def _not_recoverable(call: Call) -> Fields:
    wanted = call.arguments.get("address")
    if not wanted:
        return None
    address = IPv4Address(wanted)
    free = address in call.account.pool and address not in call.account.addresses_taken()
    return None if free else {"address": wanted}


def _unknown_allocation(call: Call) -> Fields:
    known = {address.allocation_id for address in call.backend.addresses}
    wanted = call.arguments.get("allocation_ids") or [call.arguments.get("allocation_id")]
    missing = [allocation for allocation in wanted if allocation and allocation not in known]
    return {"allocation": missing[0]} if missing else None


def _unknown_association(call: Call) -> Fields:
    association = call.arguments.get("association_id")
    return {"association": association} if association and find(call) is None else None


def _associated(call: Call) -> Fields:
    address = find(call)
    if address is None or address.association_id is None or call.arguments.get("reassociate"):
        return None
    interface = call.arguments.get("eni")
    if interface is not None and address.eni is not None and interface.id == address.eni.id:
        return None
    return {"allocation": address.allocation_id, "association": address.association_id}


def _managed_by_gateway(call: Call) -> Fields:
    address = find(call)
    if address is None or holding_gateway(call.backend, address) is None:
        return None
    return {} if call.operation == DISASSOCIATE or call.arguments.get("reassociate") else None


def _in_use(call: Call) -> Fields:
    address = find(call)
    return {"address": address.public_ip} if address is not None and address.association_id is not None else None


def _reverse_record(call: Call) -> Fields:
    address = find(call)
    if address is None or not (getattr(address, "ptr_record", None) or getattr(address, "ptr_record_update", None)):
        return None
    return {"allocation": address.allocation_id}


def _interface_still_known(call: Call) -> Fields:
    address = find(call)
    interface = getattr(address, "stale_interface", None)
    if interface is None:
        return None
    address.stale_interface = None
    return {"interface": interface}


def _no_forward_record(call: Call) -> Fields:
    address = find(call)
    domain = call.arguments.get("domain_name")
    if address is None or not domain:
        return None
    name = domain.rstrip(".").lower() + "."
    zones = call.account.backend("route53", call.backend.region_name).zones.values()
    for zone in zones:
        for record in zone.rrsets:
            if record.type == "A" and record.name.lower() == name and address.public_ip in record.records:
                return None
    return {"domain": domain, "address": address.public_ip}


ROWS = (
    Refusal(
        "address-to-recover",
        (ALLOCATE,),
        "InvalidAddress.NotFound",
        "Address '{address}' not found.",
        f"{ERRORS}; API_AllocateAddress on recovering an address",
        _not_recoverable,
    ),
    Refusal(
        "address-quota",
        (ALLOCATE,),
        "AddressLimitExceeded",
        "The maximum number of addresses has been reached.",
        f"{ERRORS}; quota: Amazon VPC quotas, Elastic IP addresses per Region",
        _quota,
    ),
    Refusal(
        "address-capacity",
        (ALLOCATE,),
        "InsufficientAddressCapacity",
        "There are not enough available addresses to satisfy your request.",
        f"{ERRORS}, server error codes",
        _capacity,
    ),
    Refusal(
        "allocation-unknown",
        (ASSOCIATE, RELEASE, MODIFY, RESET, "ec2:describe_addresses", "ec2:describe_addresses_attribute"),
        "InvalidAllocationID.NotFound",
        "The allocation ID '{allocation}' does not exist",
        ERRORS,
        _unknown_allocation,
    ),
    Refusal(
        "address-association-unknown",
        (DISASSOCIATE,),
        "InvalidAssociationID.NotFound",
        "The association ID '{association}' does not exist",
        ERRORS,
        _unknown_association,
    ),
    Refusal(
        "address-of-nat-gateway",
        (ASSOCIATE, DISASSOCIATE),
        "AuthFailure",
        "You do not have permission to access the specified resource.",
        "NAT gateway basics (Amazon VPC User Guide): its address can't be changed; seen: pulumi-aws issue 1483",
        _managed_by_gateway,
    ),
    Refusal(
        "address-associated",
        (ASSOCIATE,),
        "Resource.AlreadyAssociated",
        "resource {allocation} is already associated with associate-id {association}",
        f"{ERRORS}; API_AssociateAddress, AllowReassociation",
        _associated,
    ),
    Refusal(
        "address-in-use",
        (RELEASE,),
        "InvalidIPAddress.InUse",
        "Address {address} is in use.",
        "API_ReleaseAddress: disassociate first in a nondefault VPC",
        _in_use,
    ),
    Refusal(
        "address-has-reverse-record",
        (RELEASE,),
        "InvalidAddress.PtrSet",
        "The address with allocation id [{allocation}] cannot be released because it has a PTR record set.",
        "Create a reverse DNS record for email on Amazon EC2 (EC2 User Guide): locked until the record is removed",
        _reverse_record,
    ),
    Refusal(
        "address-interface-gone",
        (RELEASE,),
        "InvalidNetworkInterfaceID.NotFound",
        "The networkInterface ID '{interface}' does not exist",
        "Seen once, right after a NAT gateway is gone: terraform-provider-aws issue 49299",
        _interface_still_known,
    ),
    Refusal(
        "reverse-record-before-forward",
        (MODIFY,),
        # The requirement is documented, the code is not: this is EC2's general one for a value that can't be used.
        "InvalidParameterValue",
        "Value ({domain}) for parameter domainName is invalid. A forward DNS record (type A) that points to "
        "{address} must exist first.",
        "API_ModifyAddressAttribute; Create a reverse DNS record for email on Amazon EC2 (EC2 User Guide)",
        _no_forward_record,
    ),
)
