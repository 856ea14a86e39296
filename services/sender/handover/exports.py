"""Messages that no sibling took, sealed on a volume: written there by a pod that goes, taken in by one that comes.

A file is claimed by a lock of the kernel's (flock), which ends with its process: two pods never take in the same one,
and what a dead pod had claimed is free.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from services.sender.handover.landing import Landed, Landing, NoRoom
from services.sender.handover.sealing import LARGEST, ON_VOLUME, KeyUnavailable, Parcel, Unsealable, seal, unseal
from services.sender.handover.tally import Tally

SUFFIX, UNFINISHED = ".mail", ".unfinished"
ABANDONED_SECONDS = 3600.0
"""Age of an unfinished file after which its pod is gone: longer than a pod has to leave."""


class Exports:
    """The campaign's volume. `key` gives the mounted key."""

    def __init__(self, directory: Path, campaign: str, key: Callable[[], bytes]) -> None:
        self._directory, self._campaign, self._key = directory, campaign, key

    def write(self, parcel: Parcel) -> None:
        """Leaves a message; it is on disk when this returns. Raises OSError, KeyUnavailable, ValueError."""
        parts = seal(parcel, self._key(), self._campaign, ON_VOLUME)
        unfinished = self._directory / f"{secrets.token_hex(8)}{UNFINISHED}"
        with unfinished.open("xb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        # The same message under the same name: one that is left twice is there once.
        os.rename(unfinished, self._directory / f"{parcel.queue_id}-{parcel.digest.hex()[:16]}{SUFFIX}")
        self._sync()

    def waiting(self) -> list[Path]:
        """The messages that lie there, by name; empty without such a volume."""
        return sorted(self._directory.glob(f"*{SUFFIX}"))

    def take_in(
        self, landing: Landing, tally: Tally, say: Callable[[str], None], ends: Callable[[], bool] = lambda: False
    ) -> None:
        """Puts on hold what lies there, each file removed only after that. What can't be kept now stays there.

        `ends` is asked before each file: whether this pod is told to stop.

        Raises OSError for a volume that fails.
        """
        stranded, imported = 0, 0
        for path in self.waiting():
            if ends():
                break
            with _claimed(path) as file:
                if file is None:
                    continue
                try:
                    landed = landing.take(self._opened(file))
                except (Unsealable, KeyUnavailable) as error:
                    stranded += 1
                    if stranded > tally.stranded:
                        say(f"{path.name} on the volume can't be opened: {error}; it stays there")
                    continue
                except NoRoom as error:
                    say(f"what lies on the volume waits there: {error}")
                    break
                path.unlink()
                imported += landed is Landed.KEPT
        tally.stranded = stranded
        if imported:
            tally.imported += imported
            self._sync()
            say(f"{imported} messages that an earlier pod left on the volume are on hold here")
        self._sweep()

    def _opened(self, file: int) -> Parcel:
        if os.fstat(file).st_size > LARGEST:
            raise Unsealable(f"it is larger than {LARGEST} octets")
        with open(file, "rb", closefd=False) as opened:
            return unseal(opened.read(), self._key(), self._campaign, ON_VOLUME)

    def _sweep(self) -> None:
        """Removes what a pod was writing when it died: its queue had the message still."""
        for path in self._directory.glob(f"*{UNFINISHED}"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()

    def _sync(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[int | None]:
    """The file's descriptor, locked; None when another pod has it or had it. Raises OSError."""
    try:
        # For writing, as a lock over NFS asks for it.
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            # Whoever had the lock before may have taken the file in.
            yield descriptor if os.fstat(descriptor).st_nlink else None
    finally:
        os.close(descriptor)
