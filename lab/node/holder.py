"""Which clone holds the machine's one lab, and the processes that it started."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab import settings
from lab.node import processes
from lab.node.processes import Started

_LOCK = "\0warmlane-lab"
"""A name of an abstract socket: held by one process, free as soon as that process is gone, and no file."""


class LabBusy(RuntimeError):
    """Another command is changing the lab."""


@dataclass
class Holder:
    """The record; `boot` is the machine's boot id, as no process outlives it."""

    repository: str
    boot: str
    since: float
    processes: dict[str, Started] = field(default_factory=dict)

    def alive(self, name: str) -> bool:
        """Whether the process of this name still runs."""
        return self.boot == boot_id() and processes.alive(self.processes.get(name))

    def any_alive(self) -> bool:
        return any(self.alive(name) for name in self.processes)

    def save(self, path: Path = settings.HOLDER) -> None:
        prepared = path.with_suffix(".new")
        prepared.write_text(json.dumps(asdict(self), indent=2) + "\n")
        prepared.replace(path)


def read(path: Path = settings.HOLDER) -> Holder | None:
    """The record on this machine; None when no lab holds it, or the record was cut off while it was written."""
    try:
        document = json.loads(path.read_text())
        started = {name: Started(**one) for name, one in document.pop("processes").items()}
        return Holder(**document, processes=started)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def new() -> Holder:
    return Holder(repository=str(settings.REPOSITORY), boot=boot_id(), since=time.time())


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@contextmanager
def exclusive(seconds: float = 0) -> Iterator[None]:
    """Keeps other commands from changing the lab while the block runs. Raises LabBusy."""
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as lock:
        while True:
            try:
                lock.bind(_LOCK)
                break
            except OSError as problem:
                if time.monotonic() >= deadline:
                    raise LabBusy("another command is starting or stopping the lab; wait until it ends") from problem
                time.sleep(0.5)
        yield
