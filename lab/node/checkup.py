"""What the lab needs of a machine."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from lab import settings, toolchain
from lab.network import CommandFailed, topology
from lab.network.commands import run

DISK_GIB = 12
MEMORY_GIB = 4


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do when it is not well."""

    what: str
    well: bool
    remedy: str = ""


def findings() -> list[Finding]:
    """Everything at once, so that nobody mends one thing to learn of the next."""
    return [_root(), _packages(), _tools(), _disk(), _memory(), *_kernel(), _addresses()]


def _root() -> Finding:
    return Finding("root", os.geteuid() == 0, "run as root, or with Docker by `make up`")


def _packages() -> Finding:
    lacking = toolchain.missing_packages()
    remedy = toolchain.install_command(lacking) if lacking else ""
    return Finding("Debian packages", not lacking, remedy)


def _tools() -> Finding:
    lacking = toolchain.missing()
    names = ", ".join(tool.name for tool in lacking)
    minutes = toolchain.minutes_left(lacking)
    return Finding(
        "tools in the cache", not lacking, f"`make up` builds {names} (about {minutes} min)" if lacking else ""
    )


def _disk() -> Finding:
    free = min(shutil.disk_usage(_existing(path)).free for path in (settings.CACHE, settings.STATE)) / 2**30
    return Finding(f"{free:.0f} GiB of disk free", free >= DISK_GIB, f"the lab and its cache need {DISK_GIB} GiB")


def _existing(path: Path) -> Path:
    return next(parent for parent in (path, *path.parents) if parent.exists())


def _memory() -> Finding:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Finding(f"{memory:.0f} GiB of memory", memory >= MEMORY_GIB, f"the lab needs {MEMORY_GIB} GiB")


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
