"""The mounted keys of tokens, read again when they change, so that a rotation needs no restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from warmlane.store_access import UNSUBSCRIBE_ROOTS_FILE
from warmlane.unsubscribe import parse_roots

KEYS_FILE = Path("/etc/warmlane/store") / UNSUBSCRIBE_ROOTS_FILE
LOOKED_AT_EVERY = 1.0
"""Seconds between two looks."""


class KeysUnusable(Exception):
    """The keys can't be read, so nobody knows which tokens are right."""


class MountedRoots:
    """The root keys by their ids. For several threads; `clock` gives seconds that never go back."""

    def __init__(self, path: Path = KEYS_FILE, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._lock = threading.Lock()
        self._looked = -LOOKED_AT_EVERY
        self._found: Mapping[str, str] = {}

    def __call__(self) -> Mapping[str, str]:
        """The keys as they are now. Raises KeysUnusable, also when earlier ones could be read."""
        with self._lock:
            now = self._clock()
            if not self._found or now - self._looked >= LOOKED_AT_EVERY:
                self._found, self._looked = {}, now
                try:
                    self._found = parse_roots(self._path.read_text())
                except (OSError, ValueError) as error:
                    raise KeysUnusable(f"{self._path} can't be used: {error}") from error
            return self._found
