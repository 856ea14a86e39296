"""Ways to spoil the committed leases of `dev`, or what its snapshot knows; the same shape as in `campaign_mutants.py`.

What rules on leases judge is committed, not declared, so these change the world and leave the stack as it is.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.policies import world
from tests.policies.world import NOW, Document, Edit, Stack

Change = Any
HELD = {"level": "quarantined", "throttle_factor": 0, "since": NOW, "reason": "Spamhaus lists the lane's address."}


def lane(name: str, **fields: Any) -> Edit:
    """Writes fields of a lane, which is made when it does not exist; None removes one."""

    def edit(body: Document) -> None:
        found = body["lanes"].setdefault(name, {})
        found.update(fields)
        for key in [key for key, value in fields.items() if value is None]:
            del found[key]

    return edit


def lease(campaign: str, **fields: Any) -> Edit:
    return lambda body: body["leases"].setdefault(campaign, {}).update(fields)


def given(*edits: Edit, **snapshot: Any) -> Change:
    """Commits edits of the environment, and takes a snapshot where fields of one are given."""

    def change(_stack: Stack) -> None:
        world.environment(*edits)
        if snapshot:
            world.snapshot(**snapshot)

    return change


def had(campaign: str, until: str) -> Edit:
    """Amber was leased before."""
    past = {"campaign": campaign, "since": "2026-09-01", "until": until}
    return lane("amber", started="2026-09-01", adopted=None, leases=[past])


def incident(campaign: str, **fields: Any) -> Document:
    what = "Hard bounces of a list that nobody had mailed for a year."
    return {"occurred": "2026-11-20", "campaign": campaign, "what": what, **fields}


def new_lanes(number: int, first: str, every: int = 0) -> Edit:
    """Lanes that come to be on one day, or some days after one another."""

    def edit(body: Document) -> None:
        for index in range(number):
            day = date.fromisoformat(first) + timedelta(days=every * index)
            body["lanes"][f"lane-{index}"] = {"started": day.isoformat()}

    return edit


OTHERS = {"newsletter": "birch"}
"""Deployed leases, without that of the spring sale."""

LEASE_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        "new-lease-known",
        "no snapshot",
        given(lease("spring-sale", since="2026-11-20")),
        "holds and incidents are unknown: there is no policies/snapshots/dev.json",
    ),
    (
        "new-lease-known",
        "dated back on a cold lane without a snapshot",
        given(lane("cedar", started="2026-10-01"), lease("autumn", lane="cedar", since="2026-10-01")),
        "gives lane cedar to autumn, which did not have it, and holds and incidents are unknown: there is no "
        "policies/snapshots/dev.json. Run `warmlane snapshot -e dev`, which writes it, then this command again",
    ),
    (
        "new-lease-known",
        "dated back, with another campaign's sending days",
        given(had("autumn", "2026-10-01"), lane("amber", sending_days=14, sending_days_as_of="2026-10-01")),
        "gives lane amber to spring-sale, which did not have it, and holds and incidents are unknown",
    ),
    (
        "new-lease-known",
        "dated back before the first up",
        given(
            lane("cedar", started="2026-10-01"),
            lease("autumn", lane="cedar", since="2026-10-01"),
            lanes={},
            leases={},
        ),
        "from 2026-10-01 on, before the snapshot of 2026-11-24, which does not have it",
    ),
    (
        "new-lease-known",
        "old snapshot",
        given(taken=NOW - timedelta(hours=48, minutes=1), leases=OTHERS),
        "policies/snapshots/dev.json of 2026-11-22 11:59 is not from the last 48 hours",
    ),
    ("new-lease-known", "holds unknown", given(leases=OTHERS, holds=None), "dev.json does not tell holds. Run"),
    (
        "new-lease-known",
        "incidents unknown",
        given(leases=OTHERS, incidents=None),
        "dev.json does not tell incidents. Run",
    ),
    (
        "new-lease-known",
        "moved on while held",
        given(
            lease("spring-sale", since="2026-11-24"),
            leases={**OTHERS, "spring-sale": "cedar"},
            holds={"spring-sale": HELD},
        ),
        "gives lane amber to spring-sale, which did not have it, and the campaign is quarantined: Spamhaus lists",
    ),
    ("new-lease-known", "dated back", given(leases=OTHERS), "from 2026-11-02 on, before the snapshot of 2026-11-24"),
    ("lease-cool-down", "too early", given(had("autumn", "2026-10-03")), "29 days after autumn ended on 2026-10-03"),
    ("lease-cool-down", "both at once", given(had("autumn", "2026-11-20")), "0 days after autumn ended on 2026-11-20"),
    (
        "lease-cool-down",
        "forgotten",
        given(leases={**OTHERS, "autumn": "amber"}),
        "to spring-sale, and autumn had it in the snapshot. Write that lease",
    ),
    (
        "incident-remedied",
        "moved on",
        given(incidents=[incident("spring-sale", lane="cedar")]),
        "the incident of 2026-11-20 on lane cedar by spring-sale is open: Hard bounces",
    ),
    (
        "incident-remedied",
        "burnt by another",
        given(lane("amber", incidents=[incident("autumn")])),
        "gives lane amber to spring-sale, and the incident of 2026-11-20 on lane amber by autumn is open",
    ),
    (
        "incident-remedied",
        "leased anew",
        given(leases=OTHERS, incidents=[incident("spring-sale", lane="amber")]),
        "on lane amber by spring-sale is open",
    ),
    (
        "new-lanes-a-week",
        "six on one day",
        given(new_lanes(6, "2026-11-20")),
        "stands for 6 lanes that come to be in the seven days up to 2026-11-20",
    ),
    (
        "new-lanes-a-week",
        "one a day",
        given(new_lanes(6, "2026-12-01", every=1)),
        "6 lanes that come to be in the seven days up to 2026-12-06",
    ),
    (
        "new-lanes-a-week",
        "dated back",
        given(new_lanes(6, "2026-03-01"), holds={}),
        "6 lanes that come to be in the seven days up to 2026-11-24",
    ),
]

LEASE_NEAR_MISSES: list[tuple[str, str, Change]] = [
    ("new-lease-known", "deployed already", given(holds={})),
    ("new-lease-known", "new from today on", given(lease("spring-sale", since="2026-11-24"), leases=OTHERS)),
    ("new-lease-known", "known to an old snapshot", given(taken=NOW - timedelta(days=9), holds=None)),
    ("new-lease-known", "a week old without a snapshot", given(lease("spring-sale", since="2026-11-17"))),
    (
        "new-lease-known",
        "counted since it began, without a snapshot",
        given(had("autumn", "2026-10-01"), lane("amber", sending_days=3, sending_days_as_of="2026-11-04")),
    ),
    (
        "new-lease-known",
        "before the first up",
        given(
            lane("cedar", started="2026-11-24"),
            lease("autumn", lane="cedar", since="2026-11-24"),
            lanes={},
            leases={},
        ),
    ),
    ("new-lease-known", "held on its own lane", given(holds={"spring-sale": HELD})),
    ("new-lease-known", "ending", given(lease("spring-sale", since="2026-11-20", state="ending"))),
    ("lease-cool-down", "30 days", given(had("autumn", "2026-10-02"))),
    ("lease-cool-down", "its own lease before", given(had("spring-sale", "2026-10-31"))),
    (
        "lease-cool-down",
        "recorded",
        given(had("autumn", "2026-10-02"), leases={**OTHERS, "autumn": "amber"}),
    ),
    ("incident-remedied", "where it was", given(incidents=[incident("spring-sale", lane="amber")])),
    (
        "incident-remedied",
        "remedied",
        given(incidents=[incident("spring-sale", lane="cedar", remediation="The list was confirmed again.")]),
    ),
    (
        "incident-remedied",
        "remedied in the config first",
        given(
            lane(
                "cedar", started="2026-10-01", incidents=[incident("spring-sale", remediation="List confirmed again.")]
            ),
            incidents=[incident("spring-sale", lane="cedar")],
        ),
    ),
    ("new-lanes-a-week", "five", given(new_lanes(5, "2026-11-24"))),
    ("new-lanes-a-week", "one in two days", given(new_lanes(12, "2026-11-24", every=2))),
    ("new-lanes-a-week", "long ago", given(new_lanes(40, "2026-11-17"))),
    (
        "new-lanes-a-week",
        "known to the snapshot",
        given(
            new_lanes(6, "2026-03-01"), lanes={**{f"lane-{index}": {} for index in range(6)}, "amber": {}, "birch": {}}
        ),
    ),
]
