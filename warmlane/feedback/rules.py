"""The rules: each looks at one signal and says what level it asks for, with the figures behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from warmlane.feedback import bounds
from warmlane.feedback.confidence import Z99, wilson
from warmlane.feedback.evidence import Evidence, strength
from warmlane.feedback.hypotheses import COMPLAINTS, HARD_BOUNCES, Hypotheses
from warmlane.feedback.signals import (
    COUNTS_FRESH,
    IDENTITY_FRESH,
    LISTINGS_FRESH,
    Deferral,
    Identity,
    Listing,
    Reading,
)
from warmlane.hold import Level

Figure = float | str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule asks for. `Level.NONE`: nothing, but it is not calm either, so a throttle goes on."""

    rule: str
    level: Level
    inputs: Mapping[str, Figure] = field(default_factory=dict)
    bounds: Mapping[str, Figure] = field(default_factory=dict)


FLOORS = {HARD_BOUNCES.name: bounds.BOUNCE_FLOORS, COMPLAINTS.name: bounds.COMPLAINT_FLOORS}


def tested(evidence: Evidence, hypotheses: Hypotheses, provider: str) -> Finding | None:
    """Hard bounces or complaints of one campaign at one provider."""
    if not evidence.days and not evidence.folded:
        return None
    throttle_floor, quarantine_floor = FLOORS[hypotheses.name]
    strong = strength(evidence, hypotheses, quarantine_floor)
    present = strong.present
    if strong.peak.value >= bounds.QUARANTINE:
        level, run, floor, limit = Level.QUARANTINED, strong.peak, quarantine_floor, bounds.QUARANTINE
    elif present.value >= bounds.THROTTLE and present.events >= throttle_floor:
        level, run, floor, limit = Level.THROTTLED, present, throttle_floor, bounds.THROTTLE
    elif present.value >= bounds.CALM:
        level, run, floor, limit = Level.NONE, present, 0, bounds.CALM
    else:
        return None
    return Finding(
        hypotheses.name,
        level,
        {"provider": provider, "evidence": round(run.value, 3), "events": run.events, "messages": evidence.total},
        {"evidence": round(limit, 3), "events": floor, "healthy": hypotheses.healthy},
    )


def organisation(name: str, total: Evidence, own: Evidence, provider: str) -> Finding | None:
    """Complaints of all campaigns of an organisation at one provider, for one that has a part in them.

    A part: as many complaints as the floor asks for, at a rate above the healthy one, so that nobody is stopped for a
    sibling's mail.
    """
    found = tested(total, COMPLAINTS, provider)
    if found is None:
        return None
    mail, events = sum(day.mail for day in own.days), sum(day.events for day in own.days)
    floors = dict(zip((Level.THROTTLED, Level.QUARANTINED), bounds.COMPLAINT_FLOORS, strict=True))
    level = found.level
    while level in floors and (events < floors[level] or events <= COMPLAINTS.healthy * mail):
        level = Level.THROTTLED if level is Level.QUARANTINED else Level.NONE
    if level is Level.NONE:
        return None
    inputs = {**found.inputs, "organisation": name, "own events": events, "own messages": mail}
    return Finding("organisation-complaints", level, inputs, {**found.bounds, "own events": floors[level]})


def listed(reading: Reading, acknowledged: frozenset[str], now: float) -> Finding | None:
    """The lane's address on blocklists; what a person has released it with is left out until the list has cleared."""
    if reading.listings is None or not reading.listings.usable(now, LISTINGS_FRESH):
        return None
    answers = reading.listings.value
    who = sorted(name for name, answer in answers.items() if answer is Listing.LISTED and name not in acknowledged)
    return _quorum("listings", who, len(who), bounds.LISTING_QUORUM)


def trapped(reading: Reading, acknowledged: Mapping[str, int], now: float) -> Finding | None:
    """Suspected spam traps, beyond the hits that a person has released the campaign with."""
    if reading.traps is None or not reading.traps.usable(now, LISTINGS_FRESH):
        return None
    who = sorted(name for name, hits in reading.traps.value.items() if hits > acknowledged.get(name, 0))
    return _quorum("suspected-traps", who, len(who), bounds.TRAP_QUORUM)


def _quorum(rule: str, who: list[str], votes: int, quorum: int) -> Finding | None:
    if not who:
        return None
    level = Level.QUARANTINED if votes >= quorum else Level.THROTTLED
    return Finding(rule, level, {"sources": ", ".join(who)}, {"sources": quorum if votes >= quorum else 1})


def drifted(reading: Reading, now: float) -> Finding | None:
    """Mail that leaves from another address, or by another name, than the lane's. One signed answer is a fact."""
    seen = reading.identity
    if seen is None or not seen.usable(now, IDENTITY_FRESH) or seen.value is not Identity.DRIFTED:
        return None
    return Finding("identity-drift", Level.QUARANTINED, {"identity": str(seen.value)}, {"identity": "agrees"})


def deferred(reading: Reading, excused: Mapping[str, frozenset[Deferral]], now: float) -> Iterator[Finding]:
    """Deferrals of the last hour, provider by provider, without our own and without excused classes."""
    for name, there in reading.providers.items():
        if there.attempts is None or not there.attempts.usable(now, COUNTS_FRESH):
            continue
        events, attempts = there.attempts.value.signalling(excused.get(name, frozenset()))
        lower = wilson(events, attempts, Z99)[0]
        if events >= bounds.DEFERRED_FLOOR and lower > bounds.DEFERRED_SHARE:
            yield Finding(
                "deferrals",
                Level.THROTTLED,
                {"provider": name, "deferred": events, "attempts": attempts, "at least": round(lower, 3)},
                {"at least": bounds.DEFERRED_SHARE, "deferred": bounds.DEFERRED_FLOOR},
            )


def grown(reading: Reading, excused: Mapping[str, frozenset[Deferral]], now: float) -> Iterator[Finding]:
    """Put-off mail that grows hour by hour, at a provider that is excused for nothing."""
    for name, there in reading.providers.items():
        if there.queue is None or not there.queue.usable(now, COUNTS_FRESH) or excused.get(name):
            continue
        hours = there.queue.value.hours[-(bounds.QUEUE_HOURS + 1) :]
        if len(hours) <= bounds.QUEUE_HOURS or hours[-1] < bounds.QUEUE_FLOOR:
            continue
        rises = all(later > earlier for earlier, later in pairwise(hours))
        if rises and hours[-1] >= bounds.QUEUE_GROWTH * hours[0]:
            yield Finding(
                "queue-growth",
                Level.THROTTLED,
                {"provider": name, "messages": hours[-1], "before": hours[0]},
                {"growth": bounds.QUEUE_GROWTH, "hours": bounds.QUEUE_HOURS, "messages": bounds.QUEUE_FLOOR},
            )
