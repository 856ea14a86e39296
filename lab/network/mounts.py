"""Reads the machine's table of mounts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mount:
    """A line of /proc/self/mounts."""

    path: Path
    kind: str


def parse(text: str) -> list[Mount]:
    """The mounts in the text of /proc/self/mounts, where a path's blanks are written as \\040."""
    rows = [line.split(" ") for line in text.splitlines()]
    return [Mount(Path(path.encode().decode("unicode_escape")), kind) for _, path, kind, *_ in rows]


def mounts() -> list[Mount]:
    """What is mounted on this machine now."""
    return parse(Path("/proc/self/mounts").read_text())


def is_mounted(path: Path) -> bool:
    """Whether `path` is a mount point, also for a file's or a directory's bind mount (os.path.ismount misses these)."""
    return any(mount.path == path for mount in mounts())


def mounts_below(directory: Path) -> list[Path]:
    """The mount points in `directory`; not itself, which may be a volume that the machine gives the lab."""
    return [mount.path for mount in mounts() if directory in mount.path.parents]


def stands(directory: Path) -> bool:
    """Whether there is anything of `directory`: a mount point (a volume) counts only with something in it."""
    return directory.exists() and not (is_mounted(directory) and not any(directory.iterdir()))
