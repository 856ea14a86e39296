"""The record of accepted messages: one JSON line each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import settings


@dataclass(frozen=True)
class Receipt:
    """A message that a receiver accepted.

    `time` is in seconds since the epoch, `source` the address of the connection, `helo` the client's EHLO or HELO
    name, `size` in bytes as transferred.
    """

    time: float
    domain: str
    source: str
    helo: str
    mail_from: str
    rcpt_to: list[str]
    message_id: str
    size: int


def append(receipt: Receipt, path: Path = settings.RECEIVED) -> None:
    """Adds a receipt in one write, so that a reader never sees half a line."""
    with path.open("a") as file:
        file.write(json.dumps(asdict(receipt)) + "\n")


def received(since: float = 0.0, path: Path = settings.RECEIVED) -> list[Receipt]:
    """What was accepted at or after `since` (seconds since the epoch), oldest first; empty when nothing was."""
    if not path.exists():
        return []
    with path.open() as file:
        receipts = (Receipt(**json.loads(line)) for line in file if line.endswith("\n"))
        return [receipt for receipt in receipts if receipt.time >= since]
