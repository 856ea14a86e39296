"""What the guardian remembers of a campaign, and what its signals ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from warmlane.feedback import rules
from warmlane.feedback.evidence import Day, Evidence, observed, summed
from warmlane.feedback.hypotheses import COMPLAINTS, HARD_BOUNCES, Hypotheses
from warmlane.feedback.rules import Finding
from warmlane.feedback.signals import (
    COUNTS_FRESH,
    IDENTITY_FRESH,
    LISTINGS_FRESH,
    Deferral,
    Identity,
    Listing,
    Outcomes,
    Reading,
)
from warmlane.feedback.standing import Standing

ALL = "all"
"""Stands for a provider where all of them are summed: what is bad everywhere shows sooner in the sum."""


@dataclass(frozen=True, slots=True)
class Tests:
    """The sequential tests of a campaign at one provider."""

    bounces: Evidence = Evidence()
    complaints: Evidence = Evidence()

    @classmethod
    def anew(cls, release: int) -> Tests:
        """The tests of mail that is sent after so many releases."""
        return cls(Evidence(release), Evidence(release))


_TESTS: tuple[tuple[Hypotheses, str], ...] = ((HARD_BOUNCES, "bounces"), (COMPLAINTS, "complaints"))
"""Hypotheses, and the name of their test in `Tests`."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """The state of a campaign; it does not grow with the mail."""

    standing: Standing = Standing()
    release: int = 0
    """Releases by a person so far. Only mail of after the last one is tested."""
    tests: Mapping[str, Tests] = field(default_factory=dict)
    """By provider."""
    listings: frozenset[str] = frozenset()
    """Blocklist operators that listed the lane when a person released the campaign, until they clear it."""
    traps: Mapping[str, int] = field(default_factory=dict)
    """Suspected trap hits by source when a person released the campaign."""

    @property
    def settled(self) -> int:
        """Messages with a final answer since the tests began."""
        return sum(tests.bounces.total for tests in self.tests.values())

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON values."""
        return {
            "standing": self.standing.to_json(),
            "release": self.release,
            "tests": {name: [each.bounces.to_json(), each.complaints.to_json()] for name, each in self.tests.items()},
            "listings": sorted(self.listings),
            "traps": dict(self.traps),
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Campaign:
        """The state that `to_json` gave."""
        tests = {name: Tests(*map(Evidence.from_json, pair)) for name, pair in saved["tests"].items()}
        standing = Standing.from_json(saved["standing"])
        return cls(standing, saved["release"], tests, frozenset(saved["listings"]), saved["traps"])


def seen(campaign: Campaign, reading: Reading, now: float) -> Campaign:
    """The state with what the reading adds to the tests; signals that are old or not whole add nothing."""
    tests = dict(campaign.tests)
    for name, there in reading.providers.items():
        if there.outcomes is None or not there.outcomes.usable(now, COUNTS_FRESH):
            continue
        days = [each for each in there.outcomes.value if each.release == campaign.release]
        before = tests.get(name) or Tests.anew(campaign.release)
        bounces = observed(before.bounces, _bounces(days), HARD_BOUNCES)
        complaints = observed(before.complaints, _complaints(days), COMPLAINTS)
        if bounces is not before.bounces or complaints is not before.complaints:
            tests[name] = Tests(bounces, complaints)
    cleared = campaign.listings
    if cleared and reading.listings is not None and reading.listings.usable(now, LISTINGS_FRESH):
        answers = reading.listings.value
        cleared = frozenset(name for name in cleared if answers.get(name) is not Listing.CLEAN)
    return replace(campaign, tests=tests, listings=cleared)


def _bounces(days: Iterable[Outcomes]) -> list[Day]:
    return [Day(each.day, each.settled, each.hard_bounces) for each in days]


def _complaints(days: Iterable[Outcomes]) -> list[Day]:
    return [Day(each.day, each.reportable, each.complaints) for each in days]


def findings(
    campaign: Campaign, reading: Reading, excused: Mapping[str, frozenset[Deferral]], now: float
) -> list[Finding]:
    """What the campaign's own signals ask for; `excused` is left out of its deferrals."""
    found: list[Finding | None] = []
    for hypotheses, test in _TESTS:
        parts = {name: getattr(tests, test) for name, tests in campaign.tests.items()}
        found += [rules.tested(part, hypotheses, name) for name, part in parts.items()]
        if sum(bool(part.days) for part in parts.values()) > 1:
            found.append(rules.tested(summed(parts.values()), hypotheses, ALL))
    found += [
        rules.listed(reading, campaign.listings, now),
        rules.trapped(reading, campaign.traps, now),
        rules.drifted(reading, now),
        *rules.deferred(reading, excused, now),
        *rules.grown(reading, excused, now),
    ]
    return [each for each in found if each is not None]


def known(reading: Reading, now: float) -> bool:
    """Whether everything that could speak against the campaign could be seen; a queue that no source ever told could
    not have spoken."""
    listings = reading.listings
    if listings is None or not listings.usable(now, LISTINGS_FRESH) or Listing.UNKNOWN in listings.value.values():
        return False
    identity = reading.identity
    if identity is None or not identity.usable(now, IDENTITY_FRESH) or identity.value is not Identity.AGREES:
        return False
    return bool(reading.providers) and all(
        there.outcomes is not None
        and there.outcomes.usable(now, COUNTS_FRESH)
        and there.attempts is not None
        and there.attempts.usable(now, COUNTS_FRESH)
        and (there.queue is None or there.queue.usable(now, COUNTS_FRESH))
        for there in reading.providers.values()
    )
