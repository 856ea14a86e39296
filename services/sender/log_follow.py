"""Following the mail log across rotations and restarts, without losing or repeating a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

LONGEST_LINE = 64 * 1024
"""Bytes after which a line without an end is cut; Postfix itself writes lines of 2,000 bytes at most."""


@dataclass(frozen=True)
class Position:
    """A place in the log: the file's inode and the offset, in bytes, of the first line that was not yet read."""

    inode: int
    offset: int


def end_of(log: Path) -> Position | None:
    """The end of the log as it is now, for a reader that wants only what comes; None if there is no log."""
    try:
        now = log.stat()
    except FileNotFoundError:
        return None
    return Position(now.st_ino, now.st_size)


class LogFollower:
    """Reads whole lines from `log` as they are written.

    Rotation renames `log` to `log.<suffix>`, where suffixes sort by age, and a new `log` appears. The renamed file is
    read to its end before the next one is opened. A position whose file is gone starts at the oldest file that is left.
    """

    def __init__(self, log: Path, position: Position | None = None) -> None:
        self._log = log
        self._start = position
        self._file: BinaryIO | None = None
        self._inode = 0
        self._offset = 0

    @property
    def position(self) -> Position | None:
        """Where reading goes on; None as long as there was no log."""
        return Position(self._inode, self._offset) if self._file else self._start

    def lines(self, limit: int = 5000) -> Iterator[str]:
        """The lines that are there now, without their ends; `limit` at most, so that a caller can save its position."""
        for _ in range(limit):
            line = self._next_line()
            if line is None:
                return
            yield line

    def close(self) -> None:
        """Closes the open file."""
        if self._file:
            self._file.close()
            self._file = None

    def _next_line(self) -> str | None:
        while True:
            if self._file is None and not self._open_first():
                return None
            line = self._read_line()
            if line is not None:
                return line
            if not self._open_next():
                return None

    def _read_line(self) -> str | None:
        assert self._file is not None
        self._file.seek(self._offset)
        raw = self._file.readline(LONGEST_LINE)
        if not raw.endswith(b"\n") and len(raw) < LONGEST_LINE:
            return None
        self._offset += len(raw)
        return raw.rstrip(b"\r\n").decode("utf-8", "replace")

    def _files(self) -> list[Path]:
        """Rotated files, oldest first, then the log itself."""
        rotated = sorted(self._log.parent.glob(self._log.name + ".*"))
        return [path for path in [*rotated, self._log] if path.is_file()]

    def _open_first(self) -> bool:
        files = self._files()
        if not files:
            return False
        start = self._start
        if start is None:
            return self._open(files[0], 0)
        for path in files:
            if path.stat().st_ino == start.inode and path.stat().st_size >= start.offset:
                return self._open(path, start.offset)
        return self._open(files[0], 0)

    def _open_next(self) -> bool:
        """Opens the file after the open one, if a rotation has made one and the open one has no more lines."""
        files = self._files()
        inodes = [path.stat().st_ino for path in files]
        if self._inode in inodes:
            following = inodes.index(self._inode) + 1
            if following == len(files):
                return False
            # A line that was written between the last read and the rotation belongs to the old file.
            return self._rest_is_empty() and self._open(files[following], 0)
        return bool(files) and self._rest_is_empty() and self._open(files[0], 0)

    def _rest_is_empty(self) -> bool:
        assert self._file is not None
        self._file.seek(self._offset)
        return b"\n" not in self._file.read(LONGEST_LINE)

    def _open(self, path: Path, offset: int) -> bool:
        try:
            opened = path.open("rb")
        except OSError:
            return False
        self.close()
        self._file, self._offset = opened, offset
        self._inode = os.fstat(opened.fileno()).st_ino
        return True
