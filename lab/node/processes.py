"""Starts the lab's processes, knows them again by pid and start time, and stops those and no others."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab import settings
from lab.network.commands import NETNS_DIRECTORY
from lab.node import confines

LOG_TAIL = 15
"""Lines of a process' log that its failure shows."""

# Waits until its pid is written down, and ends when the one who should do that is gone: no process is left unknown.
# Then it joins the cgroup, so that whatever the process starts is the lab's from its first moment.
_ENTER = 'read -r go || exit 1; echo $$ > "$1"; shift; exec "$@" < /dev/null'


class NotReady(RuntimeError):
    """A process of the lab ended or did not become ready; the text holds the end of its log."""


@dataclass(frozen=True)
class Started:
    """A process by pid and start time (clock ticks since boot), as pids are used again."""

    pid: int
    ticks: int


@dataclass(frozen=True)
class Service:
    """A process that the lab keeps: what to run, where, and how to see that it is ready.

    `namespace` is a network namespace (None: the machine's); `node` puts it into the node's mount namespace as well.
    """

    name: str
    command: Sequence[str | Path]
    ready: Callable[[], bool]
    namespace: str | None = None
    node: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 60

    @property
    def log(self) -> Path:
        return settings.LOGS / f"{self.name}.log"


def start_ticks(pid: int) -> int | None:
    """The start time of a process in clock ticks since boot; None when there is none, or only its zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in parentheses and may hold anything.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def alive(process: Started | None) -> bool:
    """Whether just this process still runs."""
    return process is not None and start_ticks(process.pid) == process.ticks


def start(service: Service, record: Callable[[Started], None]) -> Started:
    """Starts a service, its output going to its log; `record` writes it down before it runs."""
    words = [str(word) for word in service.command]
    if service.node or service.namespace:
        enter = ["nsenter"]
        if service.node:
            enter.append(f"--mount={confines.MOUNT_NAMESPACE}")
        if service.namespace:
            enter.append(f"--net={NETNS_DIRECTORY / service.namespace}")
        words = [*enter, "--", *words]
    cgroup = confines.DAEMONS_CGROUP if service.node else confines.OUTSIDE_CGROUP
    settings.LOGS.mkdir(parents=True, exist_ok=True)
    with service.log.open("ab") as log:
        child = subprocess.Popen(
            ["sh", "-c", _ENTER, "sh", str(confines.cgroup2_root() / cgroup / "cgroup.procs"), *words],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**_base_environment(), **service.environment},
            cwd="/",
            start_new_session=True,
        )
    ticks = start_ticks(child.pid)
    started = Started(child.pid, ticks if ticks is not None else -1)
    record(started)
    assert child.stdin is not None
    with suppress(BrokenPipeError), child.stdin:
        child.stdin.write(b"go\n")
    return started


def _base_environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(settings.STATE),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        # The packages are importable from the clone even where it is not installed.
        "PYTHONPATH": str(settings.REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def wait_ready(service: Service, process: Started) -> None:
    """Waits until a started service is ready. Raises NotReady with the end of its log."""
    deadline = time.monotonic() + service.seconds
    # Ready alone does not do: someone else's server may answer at the same address.
    while not (service.ready() and alive(process)):
        if not alive(process):
            raise NotReady(f"{service.name} ended while starting:\n{tail(service.log)}")
        if time.monotonic() > deadline:
            raise NotReady(f"{service.name} was not ready after {service.seconds:.0f} s:\n{tail(service.log)}")
        time.sleep(0.1)


def stop(process: Started, seconds: float = 5) -> None:
    """Ends a process, by force after `seconds`; one that is gone, or whose pid is someone else's now, is left alone."""
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, seconds)):
        deadline = time.monotonic() + patience
        while alive(process) and time.monotonic() < deadline:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
            time.sleep(0.1)


def tail(log: Path) -> str:
    """The last lines of a log."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return f"({log} does not exist)"
    return "\n".join([f"... {log}:", *lines[-LOG_TAIL:]])
