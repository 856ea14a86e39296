"""What the lab needs of a machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from lab import settings, toolchain
from lab.network import CommandFailed, topology
from lab.network.commands import run


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do when it is not well."""

    what: str
    well: bool
    remedy: str = ""


def findings() -> list[Finding]:
    """Everything at once, so that nobody mends one thing to learn of the next."""
    machine = [Finding(what, not remedy, remedy) for what, remedy in toolchain.machine_findings()]
    return [*machine, _tools(), *_kernel(), _addresses()]


def _tools() -> Finding:
    lacking = toolchain.missing()
    names = ", ".join(tool.name for tool in lacking)
    minutes = toolchain.minutes_left(lacking)
    return Finding(
        "tools in the cache", not lacking, f"`make up` builds {names} (about {minutes} min)" if lacking else ""
    )


def _kernel() -> list[Finding]:
    filesystems = Path("/proc/filesystems").read_text().split()
    return [
        Finding(f"file system {name}", name in filesystems, f"the kernel lacks {name}: a newer or fuller one is needed")
        for name in ("cgroup2", "bpf", "overlay")
    ]


def _addresses() -> Finding:
    found = address_conflicts()
    return Finding(f"{settings.MANAGEMENT_NETWORK} is free", not found, "; ".join(found))


def address_conflicts() -> list[str]:
    """The machine's own networks that hold the management link's addresses."""
    try:
        listing = run("ip", "-json", "-4", "address", "show")
    except CommandFailed:
        return []
    return conflicts(json.loads(listing))


def conflicts(interfaces: list[dict[str, Any]]) -> list[str]:
    """Conflicts in `ip -json address show`'s listing: one line each."""
    return [
        f"{one['ifname']} has {info['local']}/{info['prefixlen']}, where the lab's management link "
        f"{settings.MANAGEMENT_NETWORK} lies: change MANAGEMENT_NETWORK in lab/settings.py"
        for one in interfaces
        if one["ifname"] != topology.MACHINE_LINK
        for info in one.get("addr_info", [])
        if IPv4Network(f"{info['local']}/{info['prefixlen']}", strict=False).overlaps(settings.MANAGEMENT_NETWORK)
    ]
