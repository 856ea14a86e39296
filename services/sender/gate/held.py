"""What the mirror of the hold lets this sender do, read from its mount."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from warmlane import hold

WRITE_ANEW = "write it anew by `warmlane hold` or `warmlane release`"


@dataclass(frozen=True)
class Held:
    """What holds now. `throttle` is the part of today's limit that may be sent, 0 to 1, and 0 while the hold `stands`.

    `level` is `unreadable` where nobody can say; then the hold stands. `sequence` is the highest that was seen, 0 if
    none was.
    """

    level: str
    stands: bool
    throttle: float
    reason: str
    sequence: int
    stood: tuple[hold.Span, ...] = ()
    """When holds stood that have ended."""


FREE = Held(hold.Level.NONE, False, 1.0, "", 0)


class HoldMirror:
    """Reads the mirror; as cheap as one stat() while it does not change. Not for several threads at once."""

    def __init__(self, directory: Path = Path(hold.DIRECTORY)) -> None:
        self._file = directory / hold.KEY
        self._seen = 0
        self._stamp: tuple[int, ...] | None = None
        self._held = FREE

    def read(self) -> Held:
        """What holds now. A mirror that never was there holds nothing; one that can't be read, is older than one seen
        before or has vanished holds everything. Never raises."""
        try:
            found = os.stat(self._file)
            # A ConfigMap's mount is replaced as a whole, so a changed file is another one.
            stamp = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._held = self._judged(self._file.read_text(encoding="utf-8"))
                self._stamp = stamp
        except FileNotFoundError:
            self._stamp = None
            self._held = self._absent()
        except (OSError, ValueError) as error:
            self._stamp = None
            self._held = self._unknown(f"the mirror of the hold can't be read ({error})")
        return self._held

    def stands(self) -> str | None:
        """Why not one message may leave or be accepted; None when mail may pass."""
        held = self.read()
        return held.reason if held.stands else None

    def stood(self, start: float, end: float) -> float:
        """Seconds between two moments (seconds since 1970 UTC) in which a hold stood that has ended."""
        return hold.standing_seconds(self.read().stood, start, end)

    def _judged(self, text: str) -> Held:
        record = hold.parse(text)
        if record.sequence < self._seen:
            older = f"the mirror of the hold is older ({record.sequence}) than one seen before ({self._seen})"
            return self._unknown(older)
        self._seen = record.sequence
        return Held(record.level, record.stands, record.factor, record.reason, record.sequence, record.stood)

    def _absent(self) -> Held:
        if self._seen:
            return self._unknown("the mirror of the hold has vanished")
        # A ConfigMap that is there and has other keys was damaged; one that is not there mounts an empty folder.
        if any(not name.startswith(".") for name in _names(self._file.parent)):
            return self._unknown(f"the mirror of the hold has no {hold.KEY}")
        return FREE

    def _unknown(self, what: str) -> Held:
        return Held("unreadable", True, 0.0, f"{what}; {WRITE_ANEW}", self._seen)


def _names(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []
