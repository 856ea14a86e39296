"""Reverse DNS of elastic addresses, which moto doesn't have: Modify-, Reset- and DescribeAddressesAttribute.

As on AWS a change is pending first; here until the address' attributes are described once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def modify(backend: Any, allocation_id: str, domain_name: str) -> Any:
    """Ask for a PTR record."""
    address = _find(backend, allocation_id)
    address.ptr_record_update = {"Value": domain_name.rstrip(".") + ".", "Status": "PENDING"}
    return address


def reset(backend: Any, allocation_id: str) -> Any:
    """Ask for the PTR record's removal."""
    address = _find(backend, allocation_id)
    if getattr(address, "ptr_record", None) or getattr(address, "ptr_record_update", None):
        address.ptr_record_update = {"Value": "", "Status": "PENDING"}
    return address


def describe(backend: Any, allocation_ids: list[str]) -> list[dict[str, Any]]:
    """The attributes as they stand; what was pending is done afterwards."""
    described = []
    for address in backend.addresses:
        if not allocation_ids or address.allocation_id in allocation_ids:
            described.append(attributes(address))
            _settle(address)
    return described


def domain_name(address: Any) -> str | None:
    """The name that the address resolves to once nothing is pending, without final dot."""
    update = getattr(address, "ptr_record_update", None)
    value = update["Value"] if update else getattr(address, "ptr_record", None)
    return value.rstrip(".") if value else None


def attributes(address: Any) -> dict[str, Any]:
    """The AddressAttribute structure."""
    update = getattr(address, "ptr_record_update", None)
    shown = {"PublicIp": address.public_ip, "AllocationId": address.allocation_id}
    if getattr(address, "ptr_record", None):
        shown["PtrRecord"] = address.ptr_record
    return shown | ({"PtrRecordUpdate": dict(update)} if update else {})


def _find(backend: Any, allocation_id: str) -> Any:
    return backend.address_by_allocation([allocation_id])[0]


def _settle(address: Any) -> None:
    update = getattr(address, "ptr_record_update", None)
    if update:
        address.ptr_record, address.ptr_record_update = update["Value"] or None, None


def _modify_response(self: Any) -> Any:
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    address = self.ec2_backend.modify_address_attribute(
        allocation_id=self._get_param("AllocationId"), domain_name=self._get_param("DomainName")
    )
    return ActionResult({"Address": attributes(address)})


def _reset_response(self: Any) -> Any:
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    address = self.ec2_backend.reset_address_attribute(allocation_id=self._get_param("AllocationId"))
    return ActionResult({"Address": attributes(address)})


def _describe_response(self: Any) -> Any:
    from moto.core.responses import ActionResult

    self.error_on_dryrun()
    described = self.ec2_backend.describe_addresses_attribute(allocation_ids=self._get_param("AllocationIds", []))
    return ActionResult({"Addresses": described})


@contextmanager
def installed() -> Iterator[None]:
    """Give moto's EC2 the three operations."""
    from moto.ec2.models import EC2Backend
    from moto.ec2.responses import EC2Response

    from lab.aws.patches import patched

    with (
        patched(EC2Backend, "modify_address_attribute", modify),
        patched(EC2Backend, "reset_address_attribute", reset),
        patched(EC2Backend, "describe_addresses_attribute", describe),
        patched(EC2Response, "modify_address_attribute", _modify_response),
        patched(EC2Response, "reset_address_attribute", _reset_response),
        patched(EC2Response, "describe_addresses_attribute", _describe_response),
    ):
        yield
