"""Which handed-over messages were taken in the last hour, so that one that is handed over twice is kept once.

A line is written after the message lies in the queue: the other way round, a kill in between would answer for mail that
is nowhere. What lies in the queue without a line is found there (`landing.py`).
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

KEPT_SECONDS = 3600.0
"""Longer than a pod that goes has to hand its queue over (`warmlane.handover.GRACE_SECONDS`)."""
MOST = 200_000
"""Messages that are remembered; the oldest are forgotten first. More small messages than a spool of 1 GiB holds."""
HAS, GONE = "+", "-"


class Memory:
    """Digests of what was taken, kept in a file across restarts. `steady` gives seconds that only grow."""

    def __init__(self, path: Path, steady: Callable[[], float] = time.monotonic) -> None:
        self._path, self._steady = path, steady
        # After a restart nobody knows how long ago: everything counts as taken now.
        self._taken = dict.fromkeys(_read(path)[-MOST:], steady())
        self._lines = 0
        self._rewrite()

    def __contains__(self, digest: object) -> bool:
        self._forget_old()
        return digest in self._taken

    def add(self, digest: bytes) -> None:
        """Remembers a message that lies in the queue."""
        self._taken.pop(digest, None)
        self._taken[digest] = self._steady()
        self._forget_old()
        self._note(HAS, digest)

    def forget(self, digest: bytes) -> None:
        """A message that goes on to another sibling, from where it may come back."""
        if self._taken.pop(digest, None) is not None:
            self._note(GONE, digest)

    def _forget_old(self) -> None:
        oldest = self._steady() - KEPT_SECONDS
        while self._taken:
            digest = next(iter(self._taken))
            if self._taken[digest] >= oldest and len(self._taken) <= MOST:
                return
            del self._taken[digest]

    def _note(self, what: str, digest: bytes) -> None:
        # What a full disk does not take is remembered until a restart.
        with contextlib.suppress(OSError):
            if self._lines >= MOST:
                self._rewrite()
            with self._path.open("a") as file:
                file.write(f"{what}{digest.hex()}\n")
            self._lines += 1

    def _rewrite(self) -> None:
        self._lines = 0
        with contextlib.suppress(OSError):
            unfinished = self._path.with_suffix(".new")
            unfinished.write_text("".join(f"{HAS}{digest.hex()}\n" for digest in self._taken))
            os.replace(unfinished, self._path)


def _read(path: Path) -> list[bytes]:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return []
    found = dict[bytes, None]()
    for line in lines:
        try:
            digest = bytes.fromhex(line[1:])
        except ValueError:
            # A kill may have cut the last one.
            continue
        found.pop(digest, None)
        if line.startswith(HAS):
            found[digest] = None
    return list(found)
