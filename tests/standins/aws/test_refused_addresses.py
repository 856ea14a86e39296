"""What AWS refuses of elastic addresses, each tried."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest

from lab.aws.pool import ElasticPool

Refused = Callable[..., None]
UNKNOWN = "eipalloc-0123456789abcdef0"


@pytest.mark.refusal(
    "address-quota",
    "AddressLimitExceeded",
    "The maximum number of addresses has been reached.",
    quotas={"addresses_per_region": 2},
)
def test_one_address_more_than_the_quota(aws: Any, refused: Refused) -> None:
    aws.allocate()
    aws.allocate()
    refused(aws.allocate)


@pytest.mark.refusal(
    "address-capacity",
    "InsufficientAddressCapacity",
    "There are not enough available addresses to satisfy your request.",
)
def test_no_address_left_in_the_range(aws: Any, refused: Refused) -> None:
    aws.account.pool = ElasticPool(IPv4Address("198.51.100.16"), IPv4Address("198.51.100.16"))
    aws.allocate()
    refused(aws.allocate)


@pytest.mark.refusal("address-to-recover", "InvalidAddress.NotFound", "Address '192.0.2.7' not found.")
def test_an_address_that_was_never_ours(aws: Any, refused: Refused) -> None:
    refused(lambda: aws.ec2.allocate_address(Domain="vpc", Address="192.0.2.7"))


@pytest.mark.refusal(
    "allocation-unknown", "InvalidAllocationID.NotFound", f"The allocation ID '{UNKNOWN}' does not exist"
)
def test_an_allocation_that_does_not_exist(aws: Any, refused: Refused) -> None:
    interface = aws.interface()
    refused(
        lambda: aws.ec2.associate_address(AllocationId=UNKNOWN, NetworkInterfaceId=interface),
        lambda: aws.ec2.release_address(AllocationId=UNKNOWN),
        lambda: aws.ec2.modify_address_attribute(AllocationId=UNKNOWN, DomainName="amber.warmlane.test"),
        lambda: aws.ec2.reset_address_attribute(AllocationId=UNKNOWN, Attribute="domain-name"),
        lambda: aws.ec2.describe_addresses(AllocationIds=[UNKNOWN]),
        lambda: aws.ec2.describe_addresses_attribute(AllocationIds=[UNKNOWN], Attribute="domain-name"),
    )


@pytest.mark.refusal(
    "address-association-unknown",
    "InvalidAssociationID.NotFound",
    "The association ID 'eipassoc-0123456789abcdef0' does not exist",
)
def test_an_association_that_does_not_exist(aws: Any, refused: Refused) -> None:
    refused(lambda: aws.ec2.disassociate_address(AssociationId="eipassoc-0123456789abcdef0"))


@pytest.mark.refusal(
    "address-associated",
    "Resource.AlreadyAssociated",
    "resource {allocation} is already associated with associate-id {association}",
)
def test_an_address_that_another_interface_has(aws: Any, refused: Refused) -> None:
    allocation, first, second = aws.allocate(), aws.interface(), aws.interface()
    association = aws.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=first)["AssociationId"]
    refused(
        lambda: aws.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=second),
        allocation=allocation,
        association=association,
    )


@pytest.mark.refusal(
    "address-of-nat-gateway", "AuthFailure", "You do not have permission to access the specified resource."
)
def test_an_address_that_a_nat_gateway_has(aws: Any, refused: Refused) -> None:
    allocation, interface = aws.allocate(), aws.interface()
    aws.nat_gateway(allocation)
    association = aws.ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["AssociationId"]
    refused(
        lambda: aws.ec2.associate_address(
            AllocationId=allocation, NetworkInterfaceId=interface, AllowReassociation=True
        ),
        lambda: aws.ec2.disassociate_address(AssociationId=association),
    )


@pytest.mark.refusal("address-in-use", "InvalidIPAddress.InUse", "Address {address} is in use.")
def test_the_release_of_an_address_in_use(aws: Any, refused: Refused) -> None:
    allocation = aws.allocate()
    address = aws.public_address(allocation)
    gateway = aws.nat_gateway(allocation)
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    refused(lambda: aws.ec2.release_address(AllocationId=allocation), address=address)


@pytest.mark.refusal(
    "address-interface-gone",
    "InvalidNetworkInterfaceID.NotFound",
    "The networkInterface ID '{interface}' does not exist",
)
def test_the_release_right_after_a_nat_gateway(aws: Any, refused: Refused) -> None:
    allocation = aws.allocate()
    gateway = aws.nat_gateway(allocation)
    interface = aws.gateway_state(gateway)["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    aws.gateway_state(gateway)
    refused(lambda: aws.ec2.release_address(AllocationId=allocation), interface=interface)


@pytest.mark.refusal(
    "address-has-reverse-record",
    "InvalidAddress.PtrSet",
    "The address with allocation id [{allocation}] cannot be released because it has a PTR record set.",
)
def test_the_release_of_an_address_with_a_reverse_record(aws: Any, refused: Refused) -> None:
    allocation = aws.allocate()
    aws.change("CREATE", "amber.warmlane.test", aws.public_address(allocation))
    aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName="amber.warmlane.test")
    refused(lambda: aws.ec2.release_address(AllocationId=allocation), allocation=allocation)


@pytest.mark.refusal(
    "reverse-record-before-forward",
    "InvalidParameterValue",
    "Value (amber.warmlane.test) for parameter domainName is invalid. A forward DNS record (type A) that points to "
    "{address} must exist first.",
)
@pytest.mark.parametrize("forward", [None, "198.51.100.200"])
def test_a_reverse_record_without_its_forward_record(aws: Any, refused: Refused, forward: str | None) -> None:
    allocation = aws.allocate()
    if forward:
        aws.change("CREATE", "amber.warmlane.test", forward)
    refused(
        lambda: aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName="amber.warmlane.test"),
        address=aws.public_address(allocation),
    )
