"""The blocklists that are known, from `zones.yaml`, and the names under which they are asked."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from importlib.resources import files
from ipaddress import IPv4Address
from typing import Annotated

import yaml
from pydantic import Field, model_validator

from warmlane.base import Identifier, Model

KEY = "{key}"
"""Where a zone's suffix takes its operator's key."""
_CODES = re.compile(r"(127\.\d{1,3}\.\d{1,3}\.)(\d{1,3})(?:-(\d{1,3}))?")


class Kind(StrEnum):
    """What a zone lists."""

    ADDRESS = "address"
    DOMAIN = "domain"


class Means(StrEnum):
    """What a listing means for a sender."""

    SPAM = "spam"
    """Its mail was taken for spam: it may act, once it is confirmed."""
    PREFLIGHT = "preflight"
    """Policy or age (PBL, newly seen domain): to be put right before the first message, no sign of bad mail."""
    ADVISORY = "advisory"
    """For people to look at."""


class Weight(StrEnum):
    """How much an operator's word counts."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Entry(Model):
    """One list inside a zone, such as SBL in ZEN."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,24}$")]
    means: Means


OTHER = Entry(name="other", means=Means.ADVISORY)
"""A listing by a code that the table does not name."""


class Zone(Model):
    """A blocklist. `codes` are addresses (`127.0.0.2`) or ranges of the last octet (`127.0.2.2-24`)."""

    operator: Identifier
    suffix: Annotated[str, Field(pattern=r"^(\{key\}\.)?([a-z0-9-]+\.)+[a-z]+$")]
    kind: Kind
    weight: Weight
    listed: str
    clean: str
    codes: dict[str, Entry] = Field(default_factory=dict)
    bits: dict[int, Entry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def one_way_to_read_it(self) -> Zone:
        """Codes or bits, and each code can be read."""
        if bool(self.codes) is bool(self.bits):
            raise ValueError("a zone has either codes or bits")
        for code in self.codes:
            if not _CODES.fullmatch(code):
                raise ValueError(f"codes: {code!r} is no address in 127.0.0.0/8 and no range of its last octet")
        if any(bit not in (1, 2, 4, 8, 16, 32, 64, 128) for bit in self.bits):
            raise ValueError("bits: a bit is 1, 2, 4 … 128")
        return self

    @property
    def needs_key(self) -> bool:
        """Whether its operator serves it to holders of a key only."""
        return self.suffix.startswith(KEY)

    def entries(self, answer: IPv4Address) -> frozenset[Entry]:
        """The lists that an address in an answer stands for; OTHER where the table names none."""
        octet = int(answer) & 0xFF
        if self.bits:
            found = frozenset(entry for bit, entry in self.bits.items() if octet & bit)
        else:
            found = frozenset(entry for code, entry in self.codes.items() if _within(answer, code))
        return found or frozenset((OTHER,))

    def question(self, subject: str, key: str | None = None, suffix: str | None = None) -> str:
        """The name to ask for an address or a domain (RFC 5782 2.1), in `suffix` where that serves the zone instead.

        It may hold the key: it belongs in no log. Raises ValueError where the key is missing.
        """
        where = suffix or self.suffix
        if KEY in where:
            if not key:
                raise ValueError(f"{self.operator} serves {where.removeprefix(KEY + '.')} to holders of a key only")
            where = where.replace(KEY, key)
        asked = subject
        if self.kind is Kind.ADDRESS:
            asked = ".".join(reversed(str(IPv4Address(subject)).split(".")))
        return f"{asked}.{where}"


def _within(answer: IPv4Address, code: str) -> bool:
    match = _CODES.fullmatch(code)
    assert match, code
    first, last = IPv4Address(match[1] + match[2]), IPv4Address(match[1] + (match[3] or match[2]))
    return first <= answer <= last


@cache
def zones() -> dict[str, Zone]:
    """By id, the zones of the table, read once."""
    table = yaml.safe_load((files(__package__) / "zones.yaml").read_text())
    return {name: Zone.model_validate(zone) for name, zone in table.items()}
