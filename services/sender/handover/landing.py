"""Takes a message that was handed over into the queue `hold`: whole and durable, or not at all, and once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from services.sender.gate import queues
from services.sender.gate.backlog import KEPT_FREE, MIB
from services.sender.gate.spool import READY, Spool
from services.sender.handover import queue_ids
from services.sender.handover.memory import Memory
from services.sender.handover.sealing import Parcel

QUEUES = ("hold", "deferred", "incoming", "active")
UNFINISHED = "saved"
"""A folder of Postfix' spool that belongs to its owner, lies on the same disk, and that nothing looks into."""
PREFIX = "handover-"
MEASURED_EVERY = 5.0
"""Seconds for which the octets on disk stand; what lands meanwhile is added."""


class Landed(Enum):
    """What became of a parcel that was taken."""

    KEPT = "kept"
    """It lies in `hold` now."""
    KNOWN = "known"
    """It came before."""


class NoRoom(Exception):
    """The spool can't take it now; `str()` says why."""


class Room:
    """Whether the spool has room, measured as the kubelet does, which evicts a pod that outgrows its volume."""

    def __init__(self, octets: Callable[[], int], space: int, steady: Callable[[], float] = time.monotonic) -> None:
        self._octets, self._steady = octets, steady
        self.space = space
        self._used, self._measured = 0, -MEASURED_EVERY

    def take(self, octets: int) -> None:
        """Counts in what is about to land. Raises NoRoom, OSError."""
        if self._steady() - self._measured >= MEASURED_EVERY:
            self._used, self._measured = self._octets(), self._steady()
        if self._used + octets + KEPT_FREE > self.space:
            raise NoRoom(f"{self._used // MIB} of {self.space // MIB} MiB are used, and {KEPT_FREE // MIB} kept free")
        self._used += octets


class Landing:
    """The queue's side of a handover. Takes one message after the other, from any thread."""

    def __init__(self, spool: Path, memory: Memory, space_mib: int) -> None:
        self._root, self._spool, self._memory = spool, Spool(spool), memory
        self._room = Room(lambda: queues.octets(spool), space_mib * MIB)
        self._one = threading.Lock()
        self._known: dict[str, list[str]] | None = None
        for left in self._folder(UNFINISHED).glob(PREFIX + "*"):
            left.unlink(missing_ok=True)

    def take(self, parcel: Parcel) -> Landed:
        """Keeps a message. When this returns, file and folder are on disk.

        Raises NoRoom, and OSError for a disk that fails; the sender then still has to have it.
        """
        with self._one:
            digest = parcel.digest
            if digest in self._memory:
                return Landed.KNOWN
            came = queue_ids.moment(parcel.queue_id) or queue_ids.moment_of(parcel.modified_ns / 1e9)
            kept = not self._lies_here(came, digest)
            if kept:
                self._room.take(len(parcel.content))
                self._write(parcel, came)
            # Also for what lies here: whoever wrote it may have been killed before this.
            _sync(self._folder("hold"))
            self._memory.add(digest)
        return Landed.KEPT if kept else Landed.KNOWN

    def forget(self, digest: bytes) -> None:
        """A message has gone on to a sibling."""
        with self._one:
            self._memory.forget(digest)

    def resize(self, space_mib: int) -> None:
        """Takes over another size of the spool."""
        self._room.space = space_mib * MIB

    def _folder(self, name: str) -> Path:
        return self._root / name

    def _write(self, parcel: Parcel, came: str) -> None:
        unfinished = self._folder(UNFINISHED) / f"{PREFIX}{secrets.token_hex(8)}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(parcel.content)
                file.flush()
                os.fchmod(file.fileno(), READY)
                os.utime(file.fileno(), ns=(parcel.modified_ns, parcel.modified_ns))
                os.fsync(file.fileno())
                queue_id = queue_ids.queue_id(came, os.fstat(file.fileno()).st_ino)
            os.rename(unfinished, self._folder("hold") / queue_id)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise
        self._names().setdefault(came, []).append(queue_id)

    def _names(self) -> dict[str, list[str]]:
        """Queue ids by the moment that they name: what lay here at the first look, and what has landed since."""
        if self._known is None:
            self._known = {}
            for queue in QUEUES:
                for queue_id in self._spool.paths(queue):
                    self._known.setdefault(queue_ids.moment(queue_id) or "", []).append(queue_id)
        return self._known

    def _lies_here(self, came: str, digest: bytes) -> bool:
        wanted = self._names().get(came, [])
        if not wanted:
            return False
        return any(
            queue_id in wanted and _digest_of(path) == digest
            for queue in QUEUES
            for queue_id, path in self._spool.paths(queue).items()
        )


def _digest_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        return b""


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
