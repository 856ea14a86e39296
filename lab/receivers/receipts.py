"""The records of the receivers: messages taken and messages refused, one JSON line each, in a file each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from lab import settings

Stage = Literal["connect", "rcpt", "data"]
"""Where a refusal was given: as the greeting, to RCPT, or to the end of DATA."""


@dataclass(frozen=True)
class Receipt:
    """A message that a receiver took, so it is delivered.

    `time` is in seconds since the epoch, `source` the address of the connection, `helo` the client's EHLO or HELO
    name, `size` in bytes as transferred, `provider` its name in `settings.PROVIDERS`. `session` names the connection;
    `sessions` are those that `source` had open with the provider at that moment, this one included. `reply` is empty
    where the connection was dropped before it: the message is taken, but the sender can't know. `tls` is the
    protocol's version, empty without TLS.
    """

    time: float
    domain: str
    source: str
    helo: str
    mail_from: str
    rcpt_to: list[str]
    message_id: str
    size: int
    provider: str = ""
    session: str = ""
    sessions: int = 0
    reply: str = ""
    tls: str = ""


@dataclass(frozen=True)
class Refusal:
    """A session, recipient or message that a receiver refused; fields as in Receipt.

    What is not known yet at `stage` is empty. Connections that found no listener leave no trace.
    """

    time: float
    provider: str
    stage: Stage
    reply: str
    source: str
    session: str
    sessions: int
    helo: str = ""
    mail_from: str = ""
    rcpt_to: list[str] | None = None
    message_id: str = ""
    tls: str = ""


Record = TypeVar("Record", Receipt, Refusal)


def append(record: Receipt | Refusal, path: Path | None = None) -> None:
    """Adds a record to its file in one write, so that a reader never sees half a line."""
    usual = settings.RECEIVED if isinstance(record, Receipt) else settings.REFUSED
    with (path or usual).open("a") as file:
        file.write(json.dumps(asdict(record)) + "\n")


def received(since: float = 0.0, path: Path = settings.RECEIVED) -> list[Receipt]:
    """What was taken at or after `since` (seconds since the epoch), oldest first; empty when nothing was."""
    return _read(Receipt, since, path)


def refused(since: float = 0.0, path: Path = settings.REFUSED) -> list[Refusal]:
    """What was refused at or after `since` (seconds since the epoch), oldest first; empty when nothing was."""
    return _read(Refusal, since, path)


def _read(kind: type[Record], since: float, path: Path) -> list[Record]:
    if not path.exists():
        return []
    with path.open() as file:
        documents: list[dict[str, Any]] = [json.loads(line) for line in file if line.endswith("\n")]
    return [kind(**document) for document in documents if document["time"] >= since]
