"""How many processes of each kind Postfix may start in the memory that the container has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

LIMIT_FILES = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""The container's own memory limit, under cgroup v2 and v1."""

MIB = 1024 * 1024
FIXED = 40 * MIB
"""Bytes for the supervisor, master, qmgr and the like."""
EACH = 8 * MIB
"""Bytes for one more of smtpd, cleanup, smtp and trivial-rewrite; 1.8 MiB a process were seen under load."""
FEWEST, MOST, UNLIMITED = 5, 100, 50
NO_LIMIT = 1 << 60
"""cgroup v1 says "none" by a number near 2^63."""


def memory_limit(files: Iterable[Path] = LIMIT_FILES) -> int | None:
    """The container's memory limit in bytes; None if there is none or it can't be read."""
    for path in files:
        try:
            text = path.read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            return int(text) if int(text) < NO_LIMIT else None
    return None


def process_limit(memory: int | None) -> int:
    """Postfix' `default_process_limit`: with all of them busy the container stays below its memory limit."""
    if memory is None:
        return UNLIMITED
    return min(MOST, max(FEWEST, (memory - FIXED) // EACH))
