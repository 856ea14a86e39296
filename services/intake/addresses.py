"""Whom the intake takes mail for: return addresses with a token of ours, and the two that every domain must have."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from warmlane.returns import token
from warmlane.returns.token import ForgedToken, TokenKeys

PEOPLE = frozenset({"postmaster", "abuse"})
"""Local parts that are read by people (RFC 5321, 4.5.1; RFC 2142, 2 and 4)."""


class Refusal(StrEnum):
    """Why a recipient is refused for good."""

    RELAY = "relay"
    """Another domain: the intake sends nothing on."""
    MAILBOX = "mailbox"
    FORGED = "forged"
    """A return address whose token none of our keys made."""


REPLIES = {
    Refusal.RELAY: "550 5.7.1 This host takes mail for its own domains only and sends none on",
    Refusal.MAILBOX: "550 5.1.1 No such mailbox here",
    Refusal.FORGED: "550 5.1.1 No such mailbox here",
}


class Refused(Exception):
    """A recipient that the intake has no business with."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(REPLIES[refusal])
        self.refusal = refusal


def accepted(address: str, domains: Collection[str], keys: TokenKeys) -> str:
    """The token in a return address, in lower case; empty for an address of people's. Raises Refused."""
    local, _, domain = address.rpartition("@")
    if domain.lower() not in domains:
        raise Refused(Refusal.RELAY)
    if local.lower() in PEOPLE:
        return ""
    found = token.split(local)
    if found is None:
        raise Refused(Refusal.MAILBOX)
    try:
        token.verified(keys, found[1])
    except ForgedToken:
        raise Refused(Refusal.FORGED) from None
    return found[1].lower()
