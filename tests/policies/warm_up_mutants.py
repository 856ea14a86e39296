"""Ways to spoil what a sound campaign stack says of its warm-up; the same shape as in `campaign_mutants.py`."""

from __future__ import annotations

import json
from typing import Any

from tests.policies import world
from tests.policies.campaign_mutants import Change, Stack
from tests.policies.harness import UNKNOWN
from tests.policies.lease_mutants import lane, lease
from tests.policies.world import Document, Edit


def schedule(**changes: Any) -> Change:
    """Changes the sender's configuration; keys of `warm_up` are found there."""

    def change(stack: Stack) -> None:
        data = stack["config"].props["data"]
        document = json.loads(data["config.json"])
        for key, value in changes.items():
            (document if key in document else document["warm_up"])[key] = value
        data["config.json"] = json.dumps(document)

    return change


def given(*edits: Edit, **snapshot: Any) -> Change:
    """Commits edits of the environment, takes a snapshot where fields of one are given, and plans anew."""

    def change(stack: Stack) -> None:
        world.environment(*edits)
        if snapshot:
            world.snapshot(**snapshot)
        world.rewritten(stack)

    return change


def committed(**edits: Edit) -> Change:
    """Commits edits of campaigns, and plans anew."""

    def change(stack: Stack) -> None:
        world.campaigns(**edits)
        world.rewritten(stack)

    return change


def both(*changes: Change) -> Change:
    """One change after the other."""

    def change(stack: Stack) -> None:
        for one in changes:
            one(stack)

    return change


def caps(**fields: int) -> Edit:
    return lambda body: body.update(caps=fields)


def recipients(months: int, source: str = "confirmed_opt_in") -> Edit:
    return lambda body: body.update(recipients={"consent_source": source, "age_months": months})


def domain(name: str, volume: int) -> Edit:
    return lambda body: body.update(sending_domain=name, daily_volume=volume, wanted_by="2027-06-01")


def aggressive(body: Document) -> None:
    body.update(plan="aggressive", daily_volume=1_000_000)


def override(until: str) -> Edit:
    return lease("spring-sale", override={"by": "a@warmlane.test", "why": "The launch date is fixed.", "until": until})


def adopted(stage: int) -> Edit:
    """The lane was warmer, or less warm, when it was adopted."""
    return lambda body: body["lanes"]["amber"]["adopted"].update(stage=stage)


def counted(days: int) -> Edit:
    """So many sending days up to yesterday, beside the 19 that were adopted."""
    return lane("amber", sending_days=19 + days, sending_days_as_of="2026-11-23")


def delivered(*none: str) -> dict[str, int]:
    """Messages of amber from the lane's first day to yesterday: 500 a day, and none on some days."""
    days = [f"2026-11-{day:02}" for day in range(2, 24)]
    return {day: 0 if day in none else 500 for day in days}


def third_lane(body: Document) -> None:
    body["lanes"]["cedar"] = {"started": "2026-10-01"}
    body["leases"]["autumn"] = {"lane": "cedar", "since": "2026-10-01"}


EVIDENCE = {"daily_volume": 650_000, "by": "a@warmlane.test", "evidence": "The old system's figures."}
DOMAIN = "spring-sale.warmlane.test"

WARM_UP_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        "warm-up-schedule",
        "above the plan",
        schedule(limits=[825_001, 1_000_000]),
        "allows 825001 messages on 2026-11-02, sending day 20, and the plan moderate allows 825000",
    ),
    (
        "warm-up-schedule",
        "other domain",
        schedule(sending_domain="elsewhere.warmlane.test"),
        "says sending_domain elsewhere.warmlane.test, but the committed config says spring-sale.warmlane.test",
    ),
    (
        "warm-up-schedule",
        "above the daily volume",
        schedule(limits=[825_000, 1_000_001]),
        "allows 1000001 messages on 2026-11-03, and the campaign's daily volume is 1000000",
    ),
    ("warm-up-schedule", "never reached", schedule(limits=[825_000]), "reaches 1000000 messages/day never"),
    (
        "warm-up-schedule",
        "too late",
        schedule(limits=[1] * 60 + [1_000_000]),
        "on 2027-01-01, and it is wanted by 2026-12-15. The earliest date under the plan moderate is 2026-11-03",
    ),
    (
        "warm-up-schedule",
        "warmer than it is",
        schedule(stage=20),
        "warm_up.stage 20, but the committed config says 19",
    ),
    (
        "warm-up-schedule",
        "skips days",
        schedule(stage=25, limits=[1_000_000]),
        "allows 1000000 messages on 2026-11-02, sending day 20",
    ),
    ("warm-up-schedule", "other plan", schedule(plan="aggressive"), "committed config says moderate"),
    ("warm-up-schedule", "backdated", schedule(starts="2026-11-01"), "committed config says 2026-11-02"),
    ("warm-up-schedule", "unknown", lambda s: s["config"].props.update(data=UNKNOWN), "no schedule in the plan"),
    (
        "warm-up-schedule",
        "no JSON",
        lambda s: s["config"].props["data"].update({"config.json": "{"}),
        "does not hold JSON",
    ),
    ("warm-up-schedule", "other shape", schedule(limits="many"), "warm_up.limits: value"),
    (
        "warm-up-schedule",
        "counted in advance",
        both(
            given(
                lane("amber", sending_days=20, sending_days_as_of="2026-11-24"),
                lease("spring-sale", since="2026-11-24"),
            )
        ),
        "Lane amber counts sending days up to 2026-11-24 in Pulumi.dev.yaml, a day that is not over",
    ),
    (
        "warm-up-schedule",
        "refreshed, and counted from the lease's beginning",
        both(given(lane("amber", sending_days=20, sending_days_as_of="2026-11-20")), schedule(starts="2026-11-02")),
        "warm_up.starts 2026-11-02, but the committed config says 2026-11-21",
    ),
    (
        "warm-up-schedule",
        "idle for too long",
        both(given(lane("amber", adopted={**EVIDENCE, "stage": 14, "as_of": "2026-10-02"})), schedule(stage=14)),
        "warm_up.stage 14, but the committed config says 0",
    ),
    ("warm-up-schedule", "no lease", lambda s: world.environment(lambda d: d["leases"].pop("spring-sale")), "no lane"),
    (
        "day-length-shipped",
        "half a day",
        given(lambda body: body.update(day_length=43_200)),
        "has a sending day of 43200 s, so that its limits come 2 times a day; policies/config/dev.json allows 86400 s",
    ),
    (
        "day-length-shipped",
        "of a lab",
        given(lambda body: body.update(day_length=240)),
        "its limits come 360 times a day",
    ),
    (
        "day-length-shipped",
        "only in the program",
        schedule(day_length=3600),
        "says day_length 3600, but the committed config says 86400",
    ),
    (
        "day-length-shipped",
        "not said",
        lambda s: s["config"].props["data"].update({"config.json": "{}"}),
        "does not hold a sender's configuration (",
    ),
    (
        "warm-up-upper-bound",
        "above it",
        schedule(limits=[1_000_001, 1_000_000]),
        "sending day 20; the upper bound is 1000000 and no override lifts it",
    ),
    (
        "warm-up-upper-bound",
        "after the override",
        both(given(override("2026-11-02")), schedule(limits=[1_000_000, 1_250_001, 1_000_000])),
        "the upper bound is 1250000 and the override ends on 2026-11-02",
    ),
    (
        "warm-up-upper-bound",
        "for ever",
        both(given(override("2026-12-01")), schedule(limits=[1_250_000])),
        "the upper bound is 1000000 and the override ends on 2026-12-01",
    ),
    (
        "organisation-caps",
        "one campaign",
        given(caps(campaign_daily_volume=999_999)),
        "plans 1000000 messages/day, and Pulumi.dev.yaml caps a campaign at 999999",
    ),
    (
        "organisation-caps",
        "all together",
        given(caps(daily_volume=1_899_999)),
        "brings all campaigns to 1900000 messages/day, and Pulumi.dev.yaml caps them at 1899999 together",
    ),
    (
        "organisation-caps",
        "more than committed",
        both(given(caps(campaign_daily_volume=1_000_000)), schedule(daily_volume=1_300_000)),
        "plans 1300000 messages/day",
    ),
    (
        "list-may-warm",
        "seven months",
        committed(spring_sale=recipients(7)),
        "with a list of 7 months (confirmed_opt_in)",
    ),
    (
        "list-may-warm",
        "ten years",
        committed(spring_sale=recipients(120, "existing_customers")),
        "with a list of 120 months (existing_customers)",
    ),
    (
        "list-may-warm",
        "nobody's list",
        lambda s: world.replace(campaign=lambda _name, _stack: None),
        "a list that nobody has committed. Write campaigns/Pulumi.spring-sale.dev.yaml",
    ),
    (
        "stage-in-ledger",
        "a day too many",
        given(lanes={"amber": {"sending_days": 18}}),
        "counts 19 sending days of lane amber, and the ledger had 18 on 2026-11-24",
    ),
    (
        "stage-in-ledger",
        "never sent",
        given(lanes={"amber": {"sending_days": 0}}),
        "and the ledger had 0 on 2026-11-24",
    ),
    (
        "stage-in-ledger",
        "refreshed too far",
        given(lane("amber", sending_days=41, sending_days_as_of="2026-11-23"), lanes={"amber": {"sending_days": 40}}),
        "counts 41 sending days of lane amber, and the ledger had 40",
    ),
    (
        "stage-in-ledger",
        "a day without mail",
        given(counted(22), lanes={"amber": {"delivered": delivered("2026-11-03", "2026-11-07")}}),
        "counts 41 sending days of lane amber up to 2026-11-23, and without the days on which nothing was delivered "
        "there can't be more than 39",
    ),
    (
        "stage-in-ledger",
        "nothing delivered at all",
        given(
            lane("amber", started="2026-11-20", adopted=None, sending_days=1, sending_days_as_of="2026-11-22"),
            lease("spring-sale", since="2026-11-20"),
            lanes={"amber": {"delivered": delivered("2026-11-20", "2026-11-21", "2026-11-22")}},
        ),
        "counts 1 sending days of lane amber up to 2026-11-22, and without the days on which nothing was delivered "
        "there can't be more than 0",
    ),
    (
        "stage-in-ledger",
        "no mail on its last day",
        given(counted(20), lanes={"amber": {"delivered": delivered("2026-11-22", "2026-11-23")}}),
        "counts mail of lane amber up to 2026-11-23, and nothing was delivered on that day. Set "
        "lanes.amber.sending_days_as_of to the last day with mail, 2026-11-21 or before",
    ),
    (
        "no-domain-spread",
        "two lanes",
        committed(newsletter=domain(DOMAIN, 200_000)),
        "by one of 2 lanes (newsletter, spring-sale), and 1200000 messages/day need 1",
    ),
    (
        "no-domain-spread",
        "a lane too many",
        both(given(third_lane), committed(newsletter=domain(DOMAIN, 2_000_000), autumn=domain(DOMAIN, 50))),
        "by one of 3 lanes (autumn, newsletter, spring-sale), and 3000050 messages/day need 2",
    ),
    (
        "no-domain-spread",
        "only in the program",
        schedule(sending_domain="newsletter.warmlane.test"),
        "sends newsletter.warmlane.test by one of 2 lanes",
    ),
]
