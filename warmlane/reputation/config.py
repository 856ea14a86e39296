"""What the reputation exporter watches, and what it asks."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field, field_validator

from warmlane.base import Domain, Identifier, Model
from warmlane.reputation.zones import zones

Selector = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")]


def _known(name: str) -> str:
    if name not in zones():
        raise ValueError(f"{name!r} is no blocklist that is known; known are {', '.join(zones())}")
    return name


class Reputation(Model):
    """What is asked about the lanes' addresses and the campaigns' domains."""

    zones: list[str] = Field(
        default_factory=list, description="Blocklists by id (`warmlane/reputation/zones.yaml`); none is asked unnamed."
    )
    suffixes: dict[str, Domain] = Field(
        default_factory=dict, description="By blocklist, the DNS name that serves it instead: a mirror of one's own."
    )
    resolver: IPv4Address | None = Field(
        default=None,
        description="A recursive resolver of one's own (port 53): operators refuse public ones, and those of clouds. "
        "Unset: the cluster's DNS.",
    )
    queries_per_day: Annotated[int, Field(ge=1_000)] = Field(
        default=50_000, description="Most questions to one blocklist, a day; the oldest answers are renewed first."
    )
    dkim_selectors: list[Selector] = Field(
        default_factory=list, description="DKIM selectors whose keys must be published under every sending domain."
    )
    postmaster: bool = Field(default=False, description="Whether Google's Postmaster Tools are asked, once they can.")
    snds: bool = Field(default=False, description="Whether Microsoft's SNDS is asked.")

    @field_validator("zones")
    @classmethod
    def zones_are_known(cls, value: list[str]) -> list[str]:
        """Each of the table, and once."""
        if len(set(value)) != len(value):
            raise ValueError("each blocklist is listed once")
        return [_known(name) for name in value]

    @field_validator("suffixes")
    @classmethod
    def suffixes_are_of_known_zones(cls, value: dict[str, str]) -> dict[str, str]:
        """Keys are blocklists of the table."""
        return {_known(name): suffix for name, suffix in value.items()}


class WatchedLane(Model):
    """A lane's address and who sends from it."""

    address: IPv4Address
    hostname: Domain
    campaign: Identifier | None = None


class Watched(Model):
    """The exporter's `config.json`."""

    lanes: dict[Identifier, WatchedLane]
    domains: dict[Identifier, Domain] = Field(default_factory=dict, description="By campaign, its sending domain.")
    ask: Reputation = Field(default_factory=Reputation)
