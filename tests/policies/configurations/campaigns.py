"""Random campaigns, whose date is the one that the domain's own functions find, or a later one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

from policies.rules.list_may_warm import MOST_MONTHS
from policies.rules.no_domain_spread import LANE_CEILING
from tests.policies.configurations.deck import Decks
from tests.policies.configurations.shapes import (
    LONGEST_LABEL,
    Document,
    domain,
    given,
    mailbox,
    pod_labels,
    text,
)
from tests.policies.configurations.surroundings import DIGEST
from warmlane.campaign import ConsentSource, Plan, Sender, Spool
from warmlane.environment import Lane, Lease
from warmlane.warmup.plans import SPARKPOST, step
from warmlane.warmup.schedule import schedule, start

LONGEST_DOMAIN = 253
SHARED_DOMAIN = "shared.example"
SIZES = list(Sender.model_fields["size"].annotation.__args__)  # type: ignore[union-attr]


@dataclass
class Held:
    """A campaign and the lane that it holds. `throttle`: the part of its warm-up's step that a hold leaves."""

    id: str
    lane: Lane
    lease: Lease
    throttle: float | None = None
    most: int = SPARKPOST[-1]
    """Highest daily volume that anything allows it."""
    shares_domain: bool = False


def campaign(decks: Decks, held: Held, dns_namespace: str, may_leave_spool: bool) -> Document:
    """A campaign that fits its lease; it may leave its spool out where the pack's config allows that."""
    plan = decks.deal("plan", [None, *Plan])
    age = 0 if held.shares_domain else decks.deal("age_months", [0, MOST_MONTHS, MOST_MONTHS + 1, 120])
    begin = start(held.lane, held.lease)
    now = step(plan or Plan.MODERATE, begin.stage + 1)
    volume = _volume(decks, held, now)
    if age > MOST_MONTHS:
        # An old list may not warm a lane, so the lane carries the volume on its first day already.
        volume = min(volume, now)
    if held.throttle is not None:
        volume = min(volume, max(1, math.floor(now * held.throttle)))
    lifted = held.lease.override.until if held.lease.override else None
    reached = schedule(plan or Plan.MODERATE, begin, volume, lifted).reached()
    found: Document = {
        "id": held.id,
        "owner": {"team": decks.deal("team", ["t", "Growth & CRM", "t" * 63]), "email": mailbox(decks, "owner")},
        "sending_domain": _domain(decks, held),
        "daily_volume": volume,
        "wanted_by": text(reached + timedelta(days=decks.deal("wanted_by", [0, 1, 90]))),
        "recipients": {"consent_source": decks.deal("consent", list(ConsentSource)).value, "age_months": age},
        "unsubscribe_url": decks.deal("url", ["https://news.example/u", "https://news.example:8443/u?a=b#c"]),
        "abuse_contact": mailbox(decks, "abuse"),
        "producers": _producers(decks, dns_namespace),
    }
    spool = decks.deal(f"spool, {may_leave_spool}", [*Spool, None] if may_leave_spool else [*Spool])
    if spool is not None:
        found["spool"] = spool.value
    given(decks, found, "max_backlog_days", 1, 3, 30)
    if plan is not None:
        found["plan"] = plan.value
    if decks.often("sender", 4, 5):
        found["sender"] = {}
        given(decks, found["sender"], "sender.replicas", 1, 3, 10)
        given(decks, found["sender"], "sender.size", *SIZES)
        given(decks, found["sender"], "sender.image", f"registry.example:5000/own/sender{DIGEST}")
        if spool is Spool.PERSISTENT:
            given(decks, found["sender"], "sender.spool_storage", "1Gi", "2Ti")
    return found


def _volume(decks: Decks, held: Held, now: int) -> int:
    if held.shares_domain:
        return decks.deal("shared volume", [LANE_CEILING, SPARKPOST[-1]])
    drawn = decks.rng.randint(1, SPARKPOST[-1])
    return min(held.most, decks.deal("daily_volume", [1, SPARKPOST[-1], now, now + 1, drawn, drawn // 20 + 1]))


def _domain(decks: Decks, held: Held) -> str:
    if held.shares_domain:
        return SHARED_DOMAIN
    if decks.often("longest domain", 1, 4):
        # As long as it may be, and still the campaign's own.
        return f"{held.id}.{domain(LONGEST_DOMAIN - len(held.id) - 1)}"
    return f"{held.id}.example"


def _producers(decks: Decks, dns_namespace: str) -> list[Document]:
    namespaces = [one for one in ("producers", "0", LONGEST_LABEL, "default") if one != dns_namespace]
    found = [
        {"namespace": namespace, "pod_labels": pod_labels(decks, "producer", f"producer-{number}")}
        for number, namespace in enumerate(decks.deal("producers", [namespaces[:1], namespaces[2:3], namespaces]))
    ]
    return found
