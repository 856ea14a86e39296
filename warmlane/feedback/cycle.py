"""One cycle of decisions over all campaigns of an environment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from warmlane.feedback import organisations
from warmlane.feedback.campaign import Campaign, Tests, findings, known, seen
from warmlane.feedback.decision import Decision
from warmlane.feedback.excuses import excuses
from warmlane.feedback.rules import Finding
from warmlane.feedback.signals import LISTINGS_FRESH, Listing, Reading
from warmlane.feedback.standing import Standing, moved, released
from warmlane.hold import Level
from warmlane.pacing.moments import UTC_DAY

MOST_AN_HOUR = 3
"""Senders quarantined without a person in an hour; the rest go to the lowest allowance, and a person is paged."""
HOUR = 3_600.0
UNCOUNTED = ("identity-drift",)
"""Rules that stop as many senders as they like: their gates are closed already."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The state of all campaigns, by id, and when senders were stopped in the last hour (seconds since 1970 UTC)."""

    campaigns: dict[str, Campaign] = field(default_factory=dict)
    stops: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON values."""
        return {"campaigns": {id_: each.to_json() for id_, each in self.campaigns.items()}, "stops": list(self.stops)}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Fleet:
        """The state that `to_json` gave."""
        return cls({id_: Campaign.from_json(each) for id_, each in saved["campaigns"].items()}, tuple(saved["stops"]))


def cycle(
    fleet: Fleet,
    readings: Iterable[Reading],
    now: float,
    day_length: int = UTC_DAY,
    most_an_hour: int = MOST_AN_HOUR,
) -> tuple[Fleet, list[Decision]]:
    """The state after a look at all readings, and what was decided. Campaigns without a reading stay as they are."""
    by_id = {reading.campaign: reading for reading in readings}
    excused = excuses(by_id.values(), now)
    campaigns = dict(fleet.campaigns)
    members: dict[str, dict[str, Campaign]] = {}
    for id_, reading in by_id.items():
        campaigns[id_] = seen(campaigns.get(id_, Campaign()), reading, now)
        members.setdefault(reading.organisation, {})[id_] = campaigns[id_]
    sums = organisations.findings(members)
    stops = [at for at in fleet.stops if now - at < HOUR]
    decisions = list[Decision]()
    for id_, reading in by_id.items():
        campaign = campaigns[id_]
        found = findings(campaign, reading, excused, now) + sums.get(id_, [])
        before = campaign.standing
        after, cause = moved(before, found, known(reading, now), campaign.settled, now, day_length)
        paged = after.level is Level.QUARANTINED
        if cause is not None and paged and cause.rule not in UNCOUNTED:
            if len(stops) < most_an_hour:
                stops.append(now)
            else:
                after, cause = _lowest(before, cause, now, most_an_hour)
        campaigns[id_] = replace(campaign, standing=after)
        if cause is not None:
            decisions.append(_decision(id_, before, after, cause, now, paged))
    return Fleet(campaigns, tuple(stops)), decisions


def _lowest(before: Standing, cause: Finding, now: float, most: int) -> tuple[Standing, Finding | None]:
    """The lowest allowance in place of a quarantine that is one too many; told once."""
    if before.lowest:
        return replace(before, calm=0.0, seen=now), None
    after = Standing(Level.THROTTLED, now, lowest=True, throttles=before.throttles, seen=now, returned=before.returned)
    inputs = {"instead of quarantine by": cause.rule, **cause.inputs}
    return after, Finding("too-many-stops", Level.THROTTLED, inputs, {**cause.bounds, "an hour": most})


def _decision(id_: str, before: Standing, after: Standing, cause: Finding, now: float, page: bool) -> Decision:
    return Decision(id_, now, cause.rule, _told(before), _told(after), cause.inputs, cause.bounds, page)


def _told(standing: Standing) -> str:
    if standing.level is not Level.THROTTLED:
        return str(standing.level)
    return "lowest allowance" if standing.lowest else f"{standing.level} to {standing.factor:g}"


def release(
    campaign: Campaign, reading: Reading | None, id_: str, by: str, reason: str, now: float
) -> tuple[Campaign, Decision]:
    """The state after a person's release: tests begin anew, and what is known of lists and traps is acknowledged.

    `reading` tells what is known now, however old. Raises ValueError for a campaign that is retired.
    """
    if campaign.standing.level is Level.RETIRED:
        raise ValueError(f"campaign {id_} is retired, which nothing ends; lease a lane to a new campaign")
    listings, traps = campaign.listings, dict(campaign.traps)
    if reading is not None and reading.listings is not None and now - reading.listings.at <= LISTINGS_FRESH:
        listings = frozenset(name for name, found in reading.listings.value.items() if found is Listing.LISTED)
    if reading is not None and reading.traps is not None:
        traps = {**traps, **reading.traps.value}
    number = campaign.release + 1
    tests = {name: Tests.anew(number) for name in campaign.tests}
    after = Campaign(released(now), number, tests, listings, traps)
    return after, _acted(id_, "release", campaign.standing, after.standing, by, reason, now)


def hold(campaign: Campaign, id_: str, level: Level, by: str, reason: str, now: float) -> tuple[Campaign, Decision]:
    """The state after a person quarantined or retired a campaign. Raises ValueError for another level, and for a
    campaign that is retired already."""
    if level not in (Level.QUARANTINED, Level.RETIRED):
        raise ValueError(f"level: {level} is not allowed: a person sets quarantined or retired, or releases")
    if campaign.standing.level is Level.RETIRED:
        raise ValueError(f"campaign {id_} is retired, which nothing ends")
    after = replace(campaign, standing=Standing(level, now, returned=campaign.standing.returned))
    return after, _acted(id_, "by-hand", campaign.standing, after.standing, by, reason, now)


def _acted(id_: str, rule: str, before: Standing, after: Standing, by: str, reason: str, now: float) -> Decision:
    return Decision(id_, now, rule, _told(before), _told(after), {"by": by, "reason": reason})
