"""Ten campaigns send at once; the eleventh is added while they send."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.soak.copies import Copy
from lab import lifecycle

CAMPAIGNS = 10
MESSAGES = 200
"""Through each campaign; the eleventh is added while these are on their way."""


def run(seed: int) -> dict[str, Any]:
    """What each campaign's messages showed. The lab is made anew first and taken down last; nothing is random here."""
    lifecycle.down()
    lifecycle.up(print)
    try:
        # AWS' default is five elastic addresses in a Region; eleven lanes need eleven.
        lifecycle.set_aws_quotas({"addresses_per_region": CAMPAIGNS + 1})
        with tempfile.TemporaryDirectory(prefix="warmlane-soak-") as directory:
            return measure(Copy(Path(directory)))
    finally:
        lifecycle.down()


def measure(copy: Copy) -> dict[str, Any]:
    """Counts of the run, and whether they are as they should be (`met`)."""
    for number in range(3, CAMPAIGNS + 1):
        copy.add_campaign(f"load-{number:02}", f"lane-{number:02}")
    copy.warmlane("up", "--all")
    with ThreadPoolExecutor(max_workers=2) as pool:
        # The demo reads its campaigns when it starts, so the eleventh is not among them.
        sending = pool.submit(copy.warmlane, "demo", "--messages", str(MESSAGES))
        copy.add_campaign("load-11", "lane-11")
        added = copy.warmlane("up", "--campaign", "load-11")
        rows = sending.result()["campaigns"]
    others = {run["stack"]: run["changes"] for run in copy.warmlane("preview", "--all")["stacks"]}
    changed = {
        run["stack"]: {kind: count for kind, count in run["changes"].items() if kind not in ("same", "create")}
        for run in added["stacks"]
    }
    sources = [tuple(row["sources"]) for row in rows]
    met = (
        len(rows) == CAMPAIGNS
        and all(row["received"] == MESSAGES and row["sources"] == [row["address"]] for row in rows)
        and len(set(sources)) == CAMPAIGNS
        and not any(changed.values())
        and all(set(changes) <= {"same"} for changes in others.values())
    )
    return {
        "met": met,
        "campaigns": rows,
        "source_addresses": len(set(sources)),
        "changed_by_the_eleventh": changed,
        "changes_left": others,
    }
