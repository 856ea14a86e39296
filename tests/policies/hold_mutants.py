"""Holds, and how a held domain may try to send on under another name; the same shapes as in `campaign_mutants.py`."""

from __future__ import annotations

from typing import Any

from tests.policies import world
from tests.policies.campaign_mutants import Change, Stack, allow, block
from tests.policies.lease_mutants import HELD, OTHERS, lease
from tests.policies.warm_up_mutants import DOMAIN, both, given
from tests.policies.world import NOW, Document


def hold(**fields: Any) -> dict[str, Any]:
    """A snapshot in which the spring sale is held."""
    return {"holds": {"spring-sale": {**HELD, **fields}}}


def winter(**fields: Any) -> dict[str, Any]:
    """A snapshot in which a campaign is held that has no file, and whose domain it tells."""
    return {"holds": {"winter-sale": {**HELD, "sending_domain": DOMAIN, **fields}}}


THROTTLED = {"level": "throttled", "throttle_factor": 0.01}
SINCE_TODAY = lease("spring-sale", since="2026-11-24")


def other_way_out(stack: Stack) -> None:
    stack.pop("smtp-egress")
    allow(stack, policyTypes=["Egress"], egress=[{"to": [block("0.0.0.0/0")]}])


def newsletters_domain(_stack: Stack) -> None:
    """The spring sale sends for the newsletter's domain."""

    def edit(body: Document) -> None:
        body.update(sending_domain="newsletter.warmlane.test")

    world.campaigns(spring_sale=edit)


def leased_today(**snapshot: Any) -> Change:
    """The spring sale's lease is new, and the environment's stack shows it."""

    def change(_stack: Stack) -> None:
        world.environment(SINCE_TODAY)
        world.snapshot(leases=OTHERS, **snapshot)

    return change


HOLD_ENVIRONMENT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        "new-lease-known",
        "another name for a held campaign",
        leased_today(**winter()),
        f"and winter-sale, which sends for the same domain {DOMAIN}, is quarantined: Spamhaus lists",
    ),
    (
        "new-lease-known",
        "the domain of a held campaign's file",
        both(leased_today(holds={"newsletter": HELD}), newsletters_domain),
        "and newsletter, which sends for the same domain newsletter.warmlane.test, is quarantined",
    ),
    (
        "new-lease-known",
        "a hold on nobody knows which domain",
        leased_today(**winter(sending_domain=None)),
        "nobody knows whether it sends for the domain of winter-sale, which is quarantined",
    ),
]

HOLD_MUTANTS: list[tuple[str, str, Change, str]] = [
    (
        "hold-respected",
        "quarantined",
        given(**hold()),
        "smtp-egress opens a way out for spring-sale, which is quarantined since 2026-11-24: Spamhaus",
    ),
    ("hold-respected", "retired", given(**hold(level="retired")), "which is retired since 2026-11-24"),
    (
        "hold-respected",
        "by another policy",
        both(given(**hold()), other_way_out),
        "NetworkPolicy campaign-spring-sale/added opens a way out",
    ),
    (
        "hold-respected",
        "in an old snapshot",
        given(taken=NOW.replace(month=10), **hold(level="retired", reason="Complaints.")),
        "which is retired since 2026-11-24: Complaints. Release the hold first",
    ),
    (
        "hold-respected",
        "throttled",
        given(**hold(level="throttled", throttle_factor=0.01)),
        " messages for 2026-11-24, and the hold on spring-sale (Spamhaus lists the lane's address) allows "
        "100000, 0.01 of the plan's step",
    ),
    (
        "hold-respected",
        "under another name",
        given(SINCE_TODAY, leases=OTHERS, **winter()),
        f"opens a way out for spring-sale, whose domain {DOMAIN} is that of winter-sale, which is quarantined since",
    ),
    (
        "hold-respected",
        "under another name, once it is deployed",
        given(SINCE_TODAY, **winter()),
        f"whose domain {DOMAIN} is that of winter-sale, which is quarantined since",
    ),
    (
        "hold-respected",
        "throttled under another name",
        given(SINCE_TODAY, leases=OTHERS, **winter(**THROTTLED)),
        "and the hold on winter-sale (Spamhaus lists the lane's address) allows",
    ),
]

HOLD_ENVIRONMENT_NEAR_MISSES: list[tuple[str, str, Change]] = [
    ("new-lease-known", "another domain is held", leased_today(**winter(sending_domain="winter-sale.warmlane.test"))),
    ("new-lease-known", "a domain beside it is held", leased_today(**winter(sending_domain=f"news.{DOMAIN}"))),
    ("new-lease-known", "its domain is throttled", leased_today(**winter(**THROTTLED))),
]

HOLD_NEAR_MISSES: list[tuple[str, str, Change]] = [
    ("hold-respected", "throttled to more than it wants", given(**hold(level="throttled", throttle_factor=0.5))),
    ("hold-respected", "another campaign", given(holds={"newsletter": HELD})),
    ("hold-respected", "closed", both(given(**hold()), lambda s: s.pop("smtp-egress"))),
    ("hold-respected", "another domain under another name", given(SINCE_TODAY, **winter(sending_domain="a.example"))),
    ("hold-respected", "had its lane before its domain's other campaign was held", given(**winter())),
]
