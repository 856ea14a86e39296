"""The processes of the lab's outside: receivers and DNS."""

from __future__ import annotations

import sys
from pathlib import Path

from lab import settings
from lab.network import topology, zones
from lab.network.commands import CommandFailed, run
from lab.node.processes import Service
from lab.receivers.__main__ import WEB_PORTS

LAST_OPENED = WEB_PORTS[-1]
"""The port that the receivers open last: who answers there has opened all."""
_COREFILE = settings.STATE / "dns" / "Corefile"


def receivers() -> Service:
    return Service(
        name="receivers",
        namespace=settings.OUTSIDE_NETNS,
        command=[sys.executable, "-m", "lab.receivers"],
        ready=lambda: listening(str(settings.OUTSIDE_HOST), LAST_OPENED),
    )


def prepare() -> None:
    """Adds the addresses that are missing; writes the DNS' configuration and zones as they are before anything is
    deployed. Existing zones stay. Raises CommandFailed."""
    topology.add_outside_addresses()
    if not _COREFILE.exists():
        zones.sync_records({}, {})
        _COREFILE.write_text(zones.corefile())


def dns(coredns: Path) -> Service:
    return Service(
        name="outside-dns",
        namespace=settings.OUTSIDE_NETNS,
        command=[coredns, "-conf", _COREFILE],
        ready=lambda: listening(str(settings.OUTSIDE_DNS), 53),
    )


def listening(address: str, port: int) -> bool:
    """Whether something outside accepts connections there."""
    code = f"import socket; socket.create_connection(('{address}', {port}), 1)"
    try:
        run(sys.executable, "-c", code, namespace=settings.OUTSIDE_NETNS, timeout=5)
    except CommandFailed:
        return False
    return True
