"""Postfix' queue files: listed, their envelopes read, moved from queue to queue, removed.

A queue file is a sequence of records: a type (one octet), a length (seven bits an octet, the lowest first), the data.
The envelope is what stands before the record `M`; Postfix' rec_type(3) names the types.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

READY = 0o700
"""Mode of a file that is complete; Postfix writes it with another."""
LONGEST_RECORD = 64 * 1024
MOST_RECORDS = 2000
"""Bounds for what is read of a file: Postfix' own limits for a message with one recipient lie far below."""
MOST_LENGTH_OCTETS = 4
TRIGGER_SECONDS = 1.0


class QueueFileError(Exception):
    """A queue file can't be understood."""


@dataclass(frozen=True)
class Envelope:
    """A message's envelope. Recipients that were delivered before are not in it."""

    arrived: float
    """Seconds since 1970 UTC."""
    sender: str
    """Empty for a notice that Postfix made itself."""
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class QueueFile:
    """A complete queue file as it was found."""

    queue_id: str
    path: str
    modified: float
    """Seconds since 1970 UTC."""


def read_envelope(file: BinaryIO) -> Envelope:
    """The envelope of an open queue file. Raises QueueFileError."""
    arrived, sender, recipients = None, None, list[str]()
    for number, (kind, data) in enumerate(_records(file)):
        if number == 0 and kind != b"C":
            raise QueueFileError(f"it begins with a record of type {kind!r}, not with its size")
        if kind == b"T" and arrived is None:
            arrived = _time(data)
        elif kind == b"S" and sender is None:
            sender = _address(data)
        elif kind == b"R":
            recipients.append(_address(data))
        elif kind == b"M":
            if arrived is None or sender is None:
                raise QueueFileError("its envelope has no time of arrival or no sender")
            return Envelope(arrived, sender, tuple(recipients))
    raise QueueFileError("it ends within its envelope")


def _records(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    for _ in range(MOST_RECORDS):
        kind = file.read(1)
        if not kind:
            return
        length = _length(file)
        data = file.read(length)
        if len(data) < length:
            raise QueueFileError("it ends within a record")
        yield kind, data
        # A record that was moved to the end of the file, where it had room; 0 is a place for one to come.
        if kind == b"p" and (offset := _number(data)):
            file.seek(offset)
    raise QueueFileError(f"its envelope has more than {MOST_RECORDS} records")


def _length(file: BinaryIO) -> int:
    length = 0
    for place in range(MOST_LENGTH_OCTETS):
        octet = file.read(1)
        if not octet:
            raise QueueFileError("it ends within a record")
        length |= (octet[0] & 0x7F) << (7 * place)
        if not octet[0] & 0x80:
            if length > LONGEST_RECORD:
                break
            return length
    raise QueueFileError(f"a record is longer than {LONGEST_RECORD} octets")


def _number(data: bytes) -> int:
    text = data.strip()
    if not text.isdigit() or len(text) > 18:
        raise QueueFileError(f"{data[:20]!r} is no offset")
    return int(text)


def _time(data: bytes) -> float:
    parts = data.split()
    if not 1 <= len(parts) <= 2 or not all(part.isdigit() and len(part) <= 12 for part in parts):
        raise QueueFileError(f"{data[:20]!r} is no time of arrival")
    return int(parts[0]) + (int(parts[1]) / 1_000_000 if len(parts) == 2 else 0.0)


def _address(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise QueueFileError(f"{data[:64]!r} is no address in UTF-8") from error


class Spool:
    """Postfix' queues below a folder, for its owner."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def paths(self, queue: str) -> dict[str, str]:
        """Paths by queue id of what a queue holds, complete or not; hashed queues have folders of one character."""
        return dict(_paths(str(self._root / queue)))

    def file(self, path: str) -> QueueFile | None:
        """A complete file; None when it is not complete or gone."""
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            return None
        complete = stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == READY
        return QueueFile(os.path.basename(path), path, found.st_mtime) if complete else None

    def files(self, queue: str) -> list[QueueFile]:
        """The complete files of a queue."""
        return [file for path in self.paths(queue).values() if (file := self.file(path))]

    def state(self, queue: str) -> tuple[tuple[str, int], ...]:
        """Changes whenever a file comes into the queue or leaves it: names and times of the queue's folders."""
        try:
            folders = [str(self._root / queue), *_folders(str(self._root / queue))]
            return tuple((folder, os.stat(folder).st_mtime_ns) for folder in folders)
        except FileNotFoundError:
            return ()

    def envelope(self, file: QueueFile) -> Envelope | None:
        """The file's envelope; None when it is gone. Raises QueueFileError."""
        try:
            with open(file.path, "rb") as opened:
                return read_envelope(opened)
        except FileNotFoundError:
            return None

    def has(self, queue: str, queue_id: str) -> bool:
        """Whether a queue without folders (hold, incoming, active) holds a message."""
        return (self._root / queue / queue_id).exists()

    def move(self, file: QueueFile, queue: str, modified: float) -> QueueFile | None:
        """Moves a file into a queue without folders, stamped before it gets there; None when it is gone."""
        moved = QueueFile(file.queue_id, str(self._root / queue / file.queue_id), modified)
        try:
            os.utime(file.path, (modified, modified))
            os.rename(file.path, moved.path)
        except FileNotFoundError:
            return None
        return moved

    def stamp(self, file: QueueFile, modified: float) -> QueueFile | None:
        """Sets a file's modification time; None when it is gone."""
        try:
            os.utime(file.path, (modified, modified))
        except FileNotFoundError:
            return None
        return QueueFile(file.queue_id, file.path, modified)

    def delete(self, file: QueueFile) -> bool:
        """Removes a message with the log of its deferrals; False when it is gone."""
        try:
            os.unlink(file.path)
        except FileNotFoundError:
            return False
        # Hashed as the file itself is in `deferred`.
        _, *folders, name = os.path.relpath(file.path, self._root).split(os.sep)
        self._root.joinpath("defer", *folders, name).unlink(missing_ok=True)
        return True

    def wake(self) -> bool:
        """Tells qmgr to look into `incoming`; False when Postfix does not run, which looks by itself when it starts."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as qmgr:
                qmgr.settimeout(TRIGGER_SECONDS)
                qmgr.connect(str(self._root / "public/qmgr"))
                qmgr.sendall(b"I")
        except OSError:
            return False
        return True


def _folders(directory: str) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if len(entry.name) == 1 and entry.is_dir(follow_symlinks=False):
                yield entry.path
                yield from _folders(entry.path)


def _paths(directory: str) -> Iterator[tuple[str, str]]:
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if len(entry.name) == 1:
                    yield from _paths(entry.path)
                else:
                    yield entry.name, entry.path
    except (FileNotFoundError, NotADirectoryError):
        return
