"""Ways to spoil what a sound campaign stack says of its warm-up; the same shape as in `campaign_mutants.py`."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.campaign_mutants import Change, Stack
from tests.policies.harness import UNKNOWN


def schedule(**changes: Any) -> Change:
    """Changes the sender's configuration; keys of `warm_up` are found there."""

    def change(stack: Stack) -> None:
        data = stack["config"].props["data"]
        document = json.loads(data["config.json"])
        for key, value in changes.items():
            (document if key in document else document["warm_up"])[key] = value
        data["config.json"] = json.dumps(document)

    return change


WARM_UP_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        "warm-up-schedule",
        "above the plan",
        schedule(limits=[200_001, 250_000]),
        "allows 200001 messages on 2026-11-02, sending day 15, and the plan moderate allows 200000",
    ),
    ("warm-up-schedule", "never reached", schedule(limits=[200_000]), "reaches 250000 messages/day never"),
    (
        "warm-up-schedule",
        "too late",
        schedule(limits=[1] * 60 + [250_000]),
        "on 2027-01-01, and it is wanted by 2026-12-15. The earliest date under the plan moderate is 2026-11-03",
    ),
    (
        "warm-up-schedule",
        "warmer than it is",
        schedule(stage=15),
        "warm_up.stage 15, but the committed config says 14",
    ),
    (
        "warm-up-schedule",
        "skips days",
        schedule(stage=20, limits=[250_000]),
        "allows 250000 messages on 2026-11-02, sending day 15",
    ),
    ("warm-up-schedule", "other plan", schedule(plan="aggressive"), "committed config says moderate"),
    ("warm-up-schedule", "other lane", schedule(lane="birch"), "lane birch, but the committed config says amber"),
    ("warm-up-schedule", "backdated", schedule(starts="2026-11-01"), "committed config says 2026-11-02"),
    ("warm-up-schedule", "unknown", lambda s: s["config"].props.update(data=UNKNOWN), "no schedule in the plan"),
    (
        "warm-up-schedule",
        "no JSON",
        lambda s: s["config"].props["data"].update({"config.json": "{"}),
        "does not hold JSON",
    ),
    ("warm-up-schedule", "other shape", schedule(limits="many"), "warm_up.limits: value"),
]
