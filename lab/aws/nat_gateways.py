"""The life of a NAT gateway, which takes moto no time: pending, then available or failed; deleting, then deleted.

A gateway moves on when it is described a second time in a state, so whoever doesn't wait finds out, and whoever waits
needs no clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NEXT = {"pending": "available", "deleting": "deleted"}


def create(
    backend: Any,
    subnet_id: str,
    allocation_id: str | None,
    tags: dict[str, str] | None,
    connectivity_type: str | None,
    failure: tuple[str, str] | None,
) -> Any:
    """A pending gateway; with `failure` (code, message) one that will end in state `failed` and holds no address."""
    from moto.ec2.models.nat_gateways import NatGateway

    kind = connectivity_type or "public"
    allocation = "" if failure else allocation_id or ""
    gateway = NatGateway(backend, subnet_id, allocation, tags, kind)  # type: ignore[abstract]
    gateway.state = "pending"
    gateway.failure_code, gateway.failure_message = failure or (None, None)  # type: ignore[attr-defined]
    gateway.readings = 0  # type: ignore[attr-defined]
    gateway.address_set.append(_address(backend, gateway, None if failure else allocation_id))
    backend.nat_gateways[gateway.id] = gateway
    return gateway


def _address(backend: Any, gateway: Any, allocation_id: str | None) -> dict[str, Any]:
    held: dict[str, Any] = {
        "networkInterfaceId": gateway._eni.id,
        "privateIp": gateway._eni.private_ip_address,
        "isPrimary": True,
        "status": "succeeded",
    }
    for address in backend.addresses:
        if allocation_id and address.allocation_id == allocation_id:
            held |= {
                "allocationId": allocation_id,
                "publicIp": address.public_ip,
                "associationId": address.association_id,
            }
    return held


def delete(gateway: Any) -> Any:
    """Begin to delete: the address stays in use until the gateway is gone (API_DeleteNatGateway)."""
    if gateway.state not in ("deleting", "deleted"):
        gateway.state = "deleted" if gateway.state == "failed" else "deleting"
        gateway.readings = 0
        if gateway.state == "deleted":
            _let_go(gateway)
    return gateway


def read(gateways: Iterable[Any]) -> None:
    """Note that the gateways are described, and move on those that were seen in their state before."""
    for gateway in gateways:
        gateway.readings += 1
        if gateway.readings > 1 and gateway.state in NEXT:
            _move_on(gateway)


def _move_on(gateway: Any) -> None:
    state = NEXT[gateway.state]
    gateway.state = "failed" if state == "available" and gateway.failure_code else state
    gateway.readings = 0
    if gateway.state == "deleted":
        _let_go(gateway)


def _let_go(gateway: Any) -> None:
    backend = gateway.ec2_backend
    for address in backend.addresses:
        if address.eni is not None and address.eni.id == gateway._eni.id:
            address.eni, address.instance, address.association_id = None, None, None
            # AWS may still look for the interface when the address is released next: terraform-provider-aws 49299.
            address.stale_interface = gateway._eni.id
    backend.enis.pop(gateway._eni.id, None)
