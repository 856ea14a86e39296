"""The lab's network: namespaces, router, elastic addresses and the outside's DNS."""

from __future__ import annotations

from lab.network.addresses import sync_addresses
from lab.network.commands import CommandFailed
from lab.network.firewall import router_drops
from lab.network.zones import sync_records

__all__ = ["CommandFailed", "router_drops", "sync_addresses", "sync_records"]
