"""Locks of Pulumi's file backend: whose they are, and which may be cleared.

The engine leaves its lock behind when it is killed, and then refuses the stack to everybody (pulumi#2697). `pulumi
cancel` clears a lock whoever holds it; here only one whose process is dead is cleared.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cli.outcome import WorldFailed
from cli.stacks import Stack

ORGANIZATION = "organization"
"""The one organization of a backend that is not Pulumi Cloud."""
CLOCK_SLACK = 2.0
"""Seconds by which a process may seem to have started after it wrote its lock: /proc counts in ticks since boot."""


@dataclass(frozen=True)
class Lock:
    """A lock file. `time` is in seconds since the epoch."""

    path: Path
    pid: int
    user: str
    host: str
    time: float


def directory(backend: str, stack: Stack) -> Path | None:
    """Where a backend keeps the locks of a stack; None for a backend that is not a directory."""
    url = urlsplit(backend)
    if url.scheme != "file":
        return None
    root = Path(os.path.expanduser(backend.removeprefix("file://").partition("?")[0]))
    return root / ".pulumi" / "locks" / ORGANIZATION / stack.project / stack.name


def locks(place: Path) -> list[Lock]:
    """The locks in a directory. One that is half written belongs to a process that has just started."""
    return [lock for path in sorted(place.glob("*.json")) if (lock := parsed(path)) is not None]


def parsed(path: Path) -> Lock | None:
    """The lock in a file; None when it has gone or is not complete."""
    try:
        content = json.loads(path.read_text())
        time = datetime.fromisoformat(_microseconds(content["timestamp"])).timestamp()
        return Lock(path, int(content["pid"]), str(content["username"]), str(content["hostname"]), time)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _microseconds(timestamp: str) -> str:
    """A timestamp of Go (nanoseconds, or `Z`) as Python 3.11 reads it."""
    head, dot, tail = timestamp.partition(".")
    digits = len(tail) - len(tail.lstrip("0123456789"))
    return f"{head}{dot}{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}" if dot else timestamp


def started(pid: int) -> float | None:
    """When a process of this machine started, in seconds since the epoch; None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith("btime "))
    except (OSError, StopIteration):
        return None if not _exists(pid) else 0.0
    fields = stat.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return float(boot.split()[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_dead(lock: Lock, host: str, process_start: Callable[[int], float | None] = started) -> bool:
    """Whether the process that holds a lock is known to be gone.

    On another host nobody can know. A process of that number that started after the lock was written is another.
    """
    if lock.host != host:
        return False
    start = process_start(lock.pid)
    return start is None or start > lock.time + CLOCK_SLACK


def clear_dead(
    place: Path, stack: Stack, host: str | None = None, process_start: Callable[[int], float | None] = started
) -> list[Lock]:
    """Removes the locks of dead processes and returns them. Raises WorldFailed when somebody who may live holds one."""
    here = host or socket.gethostname()
    found = locks(place)
    held = [lock for lock in found if not is_dead(lock, here, process_start)]
    if held:
        raise WorldFailed(f"Stack {stack.name} is in use.", advice(held, stack, here))
    for lock in found:
        lock.path.unlink(missing_ok=True)
    return found


def advice(held: Sequence[Lock], stack: Stack, here: str) -> str:
    """Who holds a stack, and how to proceed."""
    lines = list[str]()
    for lock in held:
        since = datetime.fromtimestamp(lock.time).strftime("%Y-%m-%d %H:%M:%S")
        lines.append(f"{lock.user} on {lock.host} has held it since {since} (process {lock.pid}).")
        if lock.host == here:
            lines.append(f"Wait until it ends, or end it by `kill -INT {lock.pid}`, and run the command again.")
        else:
            lines.append(
                f"Whether process {lock.pid} lives can only be seen on {lock.host}. If it is gone, run "
                f"`pulumi -C {stack.directory} cancel --yes {stack.name}` and the command again."
            )
    return "\n".join(lines)
