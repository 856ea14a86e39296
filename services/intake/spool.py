"""Reports on disk: what was answered with 250 survives a crash, and waits there until it is booked."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KEPT_FOR_TOKEN = 3
"""Reports of one token that are kept for a person: who has a token can't fill the disk with it."""


class SpoolFull(Exception):
    """There is no room now."""


@dataclass(frozen=True)
class Spooled:
    """A message in the spool. `token` is its recipient's, verified; empty when it is for people."""

    name: str
    token: str
    content: bytes


class Spool:
    """A directory with `incoming` (being written), `new` (waits) and `kept` (for a person). For several threads."""

    def __init__(self, root: Path, octets: int) -> None:
        """`octets` is what it may hold; mail for people gets half of it at most. Raises OSError."""
        self._incoming, self._new, self.kept = (root / name for name in ("incoming", "new", "kept"))
        for directory in (self._incoming, self._new, self.kept):
            directory.mkdir(parents=True, exist_ok=True)
        for unfinished in self._incoming.iterdir():
            # Nobody was told that it was taken.
            unfinished.unlink()
        self._octets = octets
        self._lock = threading.Lock()
        self._sizes = {path.name: path.stat().st_size for path in self._new.iterdir()}
        self._held = sum(self._sizes.values()) + sum(path.stat().st_size for path in self.kept.iterdir())
        self._kept_of = Counter(path.suffix for path in self.kept.iterdir())
        self.arrived = threading.Event()
        """Set when a report came; who waits for one clears it."""

    def check_room(self, for_people: bool) -> None:
        """Raises SpoolFull."""
        if self._held >= (self._octets // 2 if for_people else self._octets):
            raise SpoolFull(f"the spool holds {self._held} octets")

    @property
    def octets(self) -> int:
        """What it holds, with what is kept for people as it was at the start and since then."""
        return self._held

    def put(self, token: str, content: bytes, about: Mapping[str, object]) -> str:
        """Writes a message so that it outlives a crash, and returns its name; `about` is for people. Raises OSError."""
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        written = json.dumps({"token": token, **about}).encode() + b"\n" + content
        unfinished = self._incoming / name
        try:
            with unfinished.open("xb") as file:
                file.write(written)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(self._new / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(self._new)
        with self._lock:
            self._sizes[name] = len(written)
            self._held += len(written)
        self.arrived.set()
        return name

    def waiting(self) -> list[str]:
        """Names of what waits, the oldest first."""
        return sorted(os.listdir(self._new))

    def read(self, name: str) -> Spooled:
        """A message that waits. Raises OSError."""
        first, _, content = (self._new / name).read_bytes().partition(b"\n")
        return Spooled(name, str(json.loads(first)["token"]), content)

    def remove(self, name: str) -> None:
        """Removes what was worked off."""
        (self._new / name).unlink(missing_ok=True)
        with self._lock:
            self._held -= self._sizes.pop(name, 0)

    def keep(self, name: str, reason: str, token: str) -> bool:
        """Puts a message aside for a person: `kept/NAME.REASON.TOKEN`, the token cut to its first 12 characters.

        Returns False when enough are kept for the token already, and it was removed.
        """
        mark = f".{token[:12] or 'none'}"
        with self._lock:
            enough = bool(token) and self._kept_of[mark] >= KEPT_FOR_TOKEN
            self._kept_of[mark] += not enough
        if enough:
            self.remove(name)
            return False
        aside = self.kept / f"{name}.{reason}{mark}"
        (self._new / name).rename(aside)
        _sync(self.kept)
        with self._lock:
            self._sizes.pop(name, None)
        return True


def age(name: str, now: float) -> float:
    """Seconds for which a message has waited, by its name; `now` in seconds since 1970 UTC."""
    return max(0.0, now - int(name.partition("-")[0]) / 1e9)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
