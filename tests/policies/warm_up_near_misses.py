"""Changes to what a campaign's stack says of its warm-up, or to what is committed, that must pass."""

from __future__ import annotations

from tests.policies.campaign_mutants import Change
from tests.policies.lease_mutants import lane
from tests.policies.warm_up_mutants import (
    DOMAIN,
    EVIDENCE,
    adopted,
    aggressive,
    both,
    caps,
    committed,
    counted,
    delivered,
    domain,
    given,
    override,
    recipients,
    schedule,
)
from tests.policies.world import NOW

WARM_UP_NEAR_MISSES: list[tuple[str, str, Change]] = [
    (
        "warm-up-schedule",
        "refreshed to yesterday",
        given(lane("amber", sending_days=36, sending_days_as_of="2026-11-23")),
    ),
    (
        "warm-up-schedule",
        "idle for 30 days",
        given(lane("amber", adopted={**EVIDENCE, "stage": 14, "as_of": "2026-10-03"})),
    ),
    ("warm-up-schedule", "lower than the plan", schedule(limits=[100_000, 1_000_000])),
    ("day-length-shipped", "24 hours, in words", given(lambda body: body.update(day_length=86_400))),
    ("warm-up-upper-bound", "at it", schedule(limits=[825_000, 1_000_000])),
    (
        "warm-up-upper-bound",
        "lifted",
        both(given(adopted(8), override("2026-11-08")), committed(spring_sale=aggressive)),
    ),
    (
        "warm-up-schedule",
        "lifted",
        both(given(adopted(8), override("2026-11-08")), committed(spring_sale=aggressive)),
    ),
    ("organisation-caps", "at the caps", given(caps(campaign_daily_volume=1_000_000, daily_volume=1_900_000))),
    ("list-may-warm", "six months", committed(spring_sale=recipients(6))),
    ("list-may-warm", "an old list on a warm lane", both(given(adopted(20)), committed(spring_sale=recipients(24)))),
    ("stage-in-ledger", "as in the ledger", given(lanes={"amber": {"sending_days": 19}})),
    (
        "stage-in-ledger",
        "an old snapshot",
        given(taken=NOW.replace(day=21), lanes={"amber": {"sending_days": 3}}),
    ),
    ("stage-in-ledger", "no ledger", given(lanes={"amber": {}})),
    (
        "stage-in-ledger",
        "as many as days with mail",
        given(counted(20), lanes={"amber": {"delivered": delivered("2026-11-03", "2026-11-07")}}),
    ),
    (
        "stage-in-ledger",
        "days of which nothing is known",
        given(counted(22), lanes={"amber": {"delivered": {"2026-11-23": 1}}}),
    ),
    (
        "stage-in-ledger",
        "adopted, and nothing sent since",
        given(lanes={"amber": {"delivered": dict.fromkeys(delivered(), 0)}}),
    ),
    ("stage-in-ledger", "no such lane", given(lanes={})),
    ("no-domain-spread", "as many as it needs", committed(newsletter=domain(DOMAIN, 2_000_000))),
    ("no-domain-spread", "a domain beside it", committed(newsletter=domain(f"news.{DOMAIN}", 200_000))),
]
