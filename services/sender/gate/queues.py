"""How many messages lie in each of Postfix' queues, by counting queue files (the gate may read them, not showq)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

FILE_SYSTEMS_OWN = "lost+found"
"""A folder of ext4 in the root of a volume, which root alone may read."""
QUEUES = ("incoming", "active", "deferred", "hold", "maildrop")


def count(directory: Path) -> int:
    """Queue files below `directory`; hashed queues (`deferred`) have folders of one character. 0 if it does not exist.

    Files come and go while this counts, so what vanishes midway is passed over.
    """
    total = 0
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += count(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    total += 1
    except FileNotFoundError:
        return total
    return total


def octets(directory: Path) -> int:
    """Octets on disk below `directory`, as the kubelet counts a volume that it bounds. 0 if it does not exist."""
    total = 0
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name == FILE_SYSTEMS_OWN:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    total += octets(Path(entry.path))
                with contextlib.suppress(FileNotFoundError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
    except FileNotFoundError:
        return total
    return total


def sizes(spool: Path) -> dict[str, int]:
    """Messages by queue."""
    return {queue: count(spool / queue) for queue in QUEUES}
