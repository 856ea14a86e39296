"""The gate's memory across its restarts: how far the log is read, and the counts up to there, saved as one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from services.sender.gate.counts import Counts
from services.sender.log_follow import Position


@dataclass(frozen=True)
class Checkpoint:
    """Counts that hold for everything before `position`."""

    position: Position | None
    counts: Counts


def load(path: Path) -> Checkpoint:
    """The saved checkpoint; an empty one if there is none or it can't be read (the log is then read from its start)."""
    try:
        saved = json.loads(path.read_text())
        position = Position(int(saved["inode"]), int(saved["offset"]))
        return Checkpoint(position, Counts.from_json(saved["counts"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Checkpoint(None, Counts())


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Saves atomically: a kill leaves the old checkpoint or the new one."""
    if checkpoint.position is None:
        return
    document = {
        "inode": checkpoint.position.inode,
        "offset": checkpoint.position.offset,
        "counts": checkpoint.counts.to_json(),
    }
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(document))
    os.replace(unfinished, path)
