"""Addresses of roles instead of people."""

from __future__ import annotations

from warmlane.recipients.lists import lists
from warmlane.recipients.verdict import Reason

_OPERATIONS = frozenset(lists().operations_roles)
_BUSINESS = frozenset(lists().business_roles)


def role(local: str) -> Reason | None:
    """OPERATIONS_ROLE or BUSINESS_ROLE for a canonical local part; None for a person's. A `+tag` does not count."""
    name = local.partition("+")[0]
    if name in _OPERATIONS:
        return Reason.OPERATIONS_ROLE
    return Reason.BUSINESS_ROLE if name in _BUSINESS else None
