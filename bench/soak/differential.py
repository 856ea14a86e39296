"""The pack's verdicts on network policies against two others', on at least 10,000 triples (policies, pods, flow)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

from lab import settings
from tests.policies.network import differential

TRIPLES = 10_000
PROGRESS = settings.REPOSITORY / "soak" / "differential.jsonl"
"""A line for each cluster that was compared; a run that was interrupted goes on after the last."""
JUDGED = ("policies/network", "tests/policies/network")
REPORT_EVERY = 40
"""Clusters between two lines of progress."""


def run(seed: int) -> dict[str, Any]:
    """The sums of all clusters. What was compared by other code or with another seed is compared anew."""
    head = {"seed": seed, "code": _code()}
    found = _resumed(head)
    clusters = -(-TRIPLES // differential.FLOWS)
    with PROGRESS.open("a") as lines:
        for index in range(len(found), clusters):
            one = differential.compare(seed, index)
            found.append(one)
            lines.write(json.dumps(dataclasses.asdict(one)) + "\n")
            lines.flush()
            if (index + 1) % REPORT_EVERY == 0:
                print(f"{index + 1} of {clusters} clusters compared", flush=True)
    PROGRESS.unlink()
    return differential.total(found)


def _code() -> str:
    """A digest of what judges and of what it is compared with."""
    digest = hashlib.sha256()
    for directory in JUDGED:
        for path in sorted(Path(settings.REPOSITORY, directory).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _resumed(head: dict[str, Any]) -> list[differential.Compared]:
    """What an earlier run of the same code and seed compared; else the file is begun anew with `head`."""
    lines = PROGRESS.read_text().splitlines() if PROGRESS.exists() else []
    if lines and json.loads(lines[0]) == head:
        found = [differential.Compared(**json.loads(line)) for line in lines[1:]]
        print(f"going on after {len(found)} clusters", flush=True)
        return found
    PROGRESS.parent.mkdir(exist_ok=True)
    PROGRESS.write_text(json.dumps(head) + "\n")
    return []
