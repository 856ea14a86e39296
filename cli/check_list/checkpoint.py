"""Where a run stands, on disk beside its output, so that the next run goes on there after a kill."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = 1
FINGERPRINT_OCTETS = 1 << 20


@dataclass(frozen=True)
class Checkpoint:
    """A place in the list (octets and lines read), the sizes of the outputs there, and the tally up to it."""

    offset: int
    line: int
    sizes: dict[str, int]
    tally: dict[str, Any]


def identity(source: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What must be the same for a run to go on: the list and how it is checked."""
    about = source.stat()
    with source.open("rb") as content:
        beginning = hashlib.sha256(content.read(FINGERPRINT_OCTETS)).hexdigest()
    return {
        "version": VERSION,
        "file": str(source.resolve()),
        "size": about.st_size,
        "changed": about.st_mtime_ns,
        "beginning": beginning,
        **settings,
    }


def save(file: Path, run: Mapping[str, Any], checkpoint: Checkpoint) -> None:
    """Replaces the checkpoint in one step; what it counts must be on disk already."""
    content = {"run": run, **vars(checkpoint)}
    beside = file.with_name(f"{file.name}.new")
    with beside.open("w") as target:
        json.dump(content, target)
        target.flush()
        os.fsync(target.fileno())
    beside.replace(file)


def load(file: Path, run: Mapping[str, Any]) -> Checkpoint | None:
    """The checkpoint of this run; None when there is none, or it is another run's."""
    try:
        content = json.loads(file.read_text())
        if content.pop("run") != json.loads(json.dumps(run)):
            return None
        return Checkpoint(**content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
