"""Readings for tests: everything in order but what a test changes."""

from __future__ import annotations

from dataclasses import replace

from warmlane.feedback.signals import (
    AtProvider,
    Attempts,
    Deferral,
    Identity,
    Listing,
    Outcomes,
    Queue,
    Reading,
    Signal,
)
from warmlane.pacing.moments import UTC_DAY

TODAY = 20_780
NOON = TODAY * UTC_DAY + UTC_DAY / 2
"""Seconds since 1970 UTC."""


def at_provider(
    *outcomes: Outcomes,
    at: float = NOON,
    complete: bool = True,
    made: int = 0,
    deferred: dict[Deferral, int] | None = None,
    queue: tuple[int, ...] = (),
) -> AtProvider:
    return AtProvider(
        Signal(outcomes, at, complete),
        Signal(Attempts(made, deferred or {}), at),
        Signal(Queue(queue), at),
    )


def bounced(settled: int, hard_bounces: int, day: int = TODAY, release: int = 0) -> Outcomes:
    return Outcomes(day, release, settled, hard_bounces, 0, 0)


def complained(reportable: int, complaints: int, day: int = TODAY, release: int = 0) -> Outcomes:
    return Outcomes(day, release, reportable, 0, reportable, complaints)


def reading(
    campaign: str = "spring-sale",
    at: float = NOON,
    organisation: str | None = None,
    lists: frozenset[str] | None = None,
    **providers: AtProvider,
) -> Reading:
    return Reading(
        campaign,
        organisation or f"{campaign}.example",
        frozenset({campaign}) if lists is None else lists,
        providers or {"gmail": at_provider(at=at)},
        Signal({"one": Listing.CLEAN, "two": Listing.CLEAN}, at),
        Signal({}, at),
        Signal(Identity.AGREES, at),
    )


def listed(found: Reading, *operators: str, answer: Listing = Listing.LISTED) -> Reading:
    assert found.listings is not None
    return replace(
        found, listings=replace(found.listings, value={**found.listings.value, **dict.fromkeys(operators, answer)})
    )
