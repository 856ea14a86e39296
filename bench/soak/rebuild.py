"""`make up` on what stands, after `make down`, and after AWS has died: each time the same table."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import Any

from lab import lifecycle, settings
from lab.node import holder
from lab.node.bringup import AWS

MESSAGES = 100


def run(seed: int) -> dict[str, Any]:
    """The rows after each way of coming up, and the seconds that it took. Nothing is random here."""
    ways = {"as it stands": _nothing, "once more": _nothing, "after `make down`": _down, "after AWS died": _kill_aws}
    seen = {}
    for way, before in ways.items():
        before()
        began = time.monotonic()
        subprocess.run(["make", "up"], cwd=settings.REPOSITORY, check=True, stdout=subprocess.DEVNULL)
        seconds = round(time.monotonic() - began)
        seen[way] = {"seconds": seconds, "rows": _rows()}
        print(f"make up {way}: {seconds} s", flush=True)
    tables = [_table(one["rows"]) for one in seen.values()]
    return {"met": all(table == tables[0] and _complete(table) for table in tables), "ways": seen}


def _nothing() -> None:
    """What stands is left as it is."""


def _down() -> None:
    subprocess.run(["make", "down"], cwd=settings.REPOSITORY, check=True)
    left = lifecycle.leftovers()
    if left:
        raise SystemExit(f"`make down` left: {', '.join(left)}")


def _kill_aws() -> None:
    found = holder.read()
    if found is None:
        raise SystemExit("no lab runs, so there is no AWS to kill")
    os.kill(found.processes[AWS].pid, signal.SIGKILL)


def _rows() -> list[dict[str, Any]]:
    """The table of one more demo, as JSON; `make up` itself has printed the same for a person."""
    command = [settings.REPOSITORY / ".venv/bin/warmlane", "--json", "demo", "--messages", str(MESSAGES)]
    shown = subprocess.run(command, cwd=settings.REPOSITORY, check=True, capture_output=True, text=True).stdout
    rows: list[dict[str, Any]] = json.loads(shown)["campaigns"]
    return rows


def _table(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What must be equal: AWS hands addresses out in any order, so of those only that each is the lane's own."""
    return [
        (row["campaign"], row["lane"], row["sources"] == [row["address"]], row["received"], row["counted"])
        for row in sorted(rows, key=lambda row: str(row["campaign"]))
    ]


def _complete(table: list[tuple[Any, ...]]) -> bool:
    return bool(table) and all(own and received == counted == MESSAGES for _, _, own, received, counted in table)
