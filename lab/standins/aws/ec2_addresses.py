"""Elastic addresses, their reverse DNS and their associations."""

from __future__ import annotations

from typing import Any

from lab.standins.aws import ec2_tags
from lab.standins.aws.clients import Aws, code_of, retrying, waiting
from lab.standins.aws.rows import FIXED_OR_GIVEN, OUTPUT, SCHEMAS, Property, ResourceType
from lab.standins.values import Values

NO_ALLOCATION = frozenset({"InvalidAllocationID.NotFound", "InvalidAddress.NotFound"})
NO_ASSOCIATION = frozenset({"InvalidAssociationID.NotFound"})
NO_INTERFACE = frozenset({"InvalidNetworkInterfaceID.NotFound"})


def _address(aws: Aws, allocation: str) -> dict[str, Any] | None:
    found = aws.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    return found[0] if found else None


def _attribute(aws: Aws, allocation: str) -> dict[str, Any]:
    wanted = {"AllocationIds": [allocation], "Attribute": "domain-name"}
    found = aws.ec2.describe_addresses_attribute(**wanted)["Addresses"]
    return found[0] if found else {}


def _create_eip(aws: Aws, values: Values) -> str:
    tags = ec2_tags.specification("elastic-ip", values)
    return str(aws.ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"])


def _read_eip(aws: Aws, allocation: str, _: Values) -> Values | None:
    found = _address(aws, allocation)
    if found is None:
        return None
    public = found["PublicIp"]
    dashed = public.replace(".", "-")
    return {
        "allocationId": allocation,
        "arn": f"arn:aws:ec2:{aws.region}:123456789012:elastic-ip/{allocation}",
        "associationId": found.get("AssociationId") or "",
        "domain": found.get("Domain") or "vpc",
        "networkBorderGroup": found.get("NetworkBorderGroup") or aws.region,
        "networkInterface": found.get("NetworkInterfaceId") or "",
        "instance": found.get("InstanceId") or "",
        "privateIp": found.get("PrivateIpAddress") or "",
        "ptrRecord": _attribute(aws, allocation).get("PtrRecord", "").rstrip("."),
        "publicDns": f"ec2-{dashed}.compute-1.amazonaws.com",
        "publicIp": public,
        "publicIpv4Pool": "amazon",
        "tagsAll": ec2_tags.read(found),
    }


def _delete_eip(aws: Aws, allocation: str, state: Values) -> None:
    if state.get("associationId"):
        try:
            aws.ec2.disassociate_address(AssociationId=state["associationId"])
        except Exception as problem:
            # Whoever had the address is gone, and the association with it.
            if code_of(problem) not in NO_ASSOCIATION:
                raise
    # Right after a NAT gateway is gone EC2 may still look for its interface: terraform-provider-aws issue 49299.
    retrying(lambda: aws.ec2.release_address(AllocationId=allocation), NO_INTERFACE)


EIP = ResourceType(
    token="aws:ec2/eip:Eip",
    source=f"{SCHEMAS}: internal/service/ec2/ec2_eip.go, resourceEIP",
    properties={
        "domain": FIXED_OR_GIVEN,
        "networkBorderGroup": FIXED_OR_GIVEN,
        "publicIpv4Pool": FIXED_OR_GIVEN,
        "allocationId": OUTPUT,
        "arn": OUTPUT,
        "associationId": OUTPUT,
        "instance": OUTPUT,
        "networkInterface": OUTPUT,
        "privateIp": OUTPUT,
        "ptrRecord": OUTPUT,
        "publicDns": OUTPUT,
        "publicIp": OUTPUT,
    },
    create=_create_eip,
    read=_read_eip,
    update=ec2_tags.update,
    delete=_delete_eip,
    gone=NO_ALLOCATION,
)


def _wait_for_reverse(aws: Aws, allocation: str) -> None:
    waiting(
        lambda: not (_attribute(aws, allocation).get("PtrRecordUpdate") or {}).get("Status"),
        f"the change of the reverse DNS record of {allocation}",
    )


def _create_domain_name(aws: Aws, values: Values) -> str:
    allocation = str(values["allocationId"])
    aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName=values["domainName"])
    _wait_for_reverse(aws, allocation)
    return allocation


def _read_domain_name(aws: Aws, allocation: str, known: Values) -> Values | None:
    record = _attribute(aws, allocation).get("PtrRecord")
    if not record:
        return None
    # The schema has no read of the name: it is what was asked for, and the record is what stands.
    name = record.rstrip(".")
    given = str(known.get("domainName") or "")
    return {
        "allocationId": allocation,
        "domainName": given if given.rstrip(".") == name else name,
        "ptrRecord": record,
    }


def _update_domain_name(aws: Aws, allocation: str, _: Values, new: Values) -> None:
    aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName=new["domainName"])
    _wait_for_reverse(aws, allocation)


def _delete_domain_name(aws: Aws, allocation: str, _: Values) -> None:
    aws.ec2.reset_address_attribute(AllocationId=allocation, Attribute="domain-name")
    _wait_for_reverse(aws, allocation)


EIP_DOMAIN_NAME = ResourceType(
    token="aws:ec2/eipDomainName:EipDomainName",
    source=f"{SCHEMAS}: internal/service/ec2/ec2_eip_domain_name.go, eipDomainNameResource",
    properties={
        "allocationId": Property(required=True, replaces=True),
        "domainName": Property(required=True),
        "timeouts": Property(unread=True),
        "ptrRecord": OUTPUT,
    },
    create=_create_domain_name,
    read=_read_domain_name,
    update=_update_domain_name,
    delete=_delete_domain_name,
    tagged=False,
    gone=NO_ALLOCATION,
)


def _create_association(aws: Aws, values: Values) -> str:
    given = {
        "AllocationId": values["allocationId"],
        "NetworkInterfaceId": values["networkInterfaceId"],
        "PrivateIpAddress": values.get("privateIpAddress"),
        "AllowReassociation": values.get("allowReassociation"),
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    return str(aws.ec2.associate_address(**wanted)["AssociationId"])


def _read_association(aws: Aws, association: str, _: Values) -> Values | None:
    filters = [{"Name": "association-id", "Values": [association]}]
    found = aws.ec2.describe_addresses(Filters=filters)["Addresses"]
    if not found:
        return None
    return {
        "allocationId": found[0]["AllocationId"],
        "networkInterfaceId": found[0].get("NetworkInterfaceId"),
        "privateIpAddress": found[0].get("PrivateIpAddress"),
        "publicIp": found[0]["PublicIp"],
    }


def _delete_association(aws: Aws, association: str, _: Values) -> None:
    aws.ec2.disassociate_address(AssociationId=association)


EIP_ASSOCIATION = ResourceType(
    token="aws:ec2/eipAssociation:EipAssociation",
    source=f"{SCHEMAS}: internal/service/ec2/ec2_eip_association.go, resourceEIPAssociation",
    properties={
        "allocationId": Property(required=True, replaces=True),
        "networkInterfaceId": Property(required=True, replaces=True),
        "privateIpAddress": FIXED_OR_GIVEN,
        "allowReassociation": Property(replaces=True, unread=True),
        "publicIp": OUTPUT,
    },
    create=_create_association,
    read=_read_association,
    delete=_delete_association,
    tagged=False,
    gone=NO_ASSOCIATION,
)

ROWS = (EIP, EIP_DOMAIN_NAME, EIP_ASSOCIATION)
