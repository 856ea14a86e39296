"""What the lab's network is told when AWS' state changes: elastic addresses on the node, names in its DNS."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Protocol


class WorldError(RuntimeError):
    """The lab's network can't be brought in line with AWS' state."""


@dataclass(frozen=True)
class View:
    """AWS' state as the network sees it: addresses, A records (name without final dot) and PTR records."""

    addresses: frozenset[IPv4Address] = frozenset()
    records: dict[str, IPv4Address] = field(default_factory=dict)
    reverse: dict[IPv4Address, str] = field(default_factory=dict)


class World(Protocol):
    def publish(self, view: View) -> None:
        """Make the network look like `view`. Raises when it can't."""


class NoWorld:
    """A server by itself: nothing follows its state."""

    def publish(self, view: View) -> None:
        pass


class LabWorld:
    """The running lab's network namespaces and DNS."""

    def publish(self, view: View) -> None:
        # Only the lab has (and may touch) the namespaces: a server by itself, as in tests, never imports this.
        from lab import network

        network.sync_addresses(set(view.addresses))
        network.sync_records(dict(view.records), dict(view.reverse))
