"""Random snapshots that speak against nothing that is planned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from tests.policies.configurations.deck import Decks
from tests.policies.configurations.lanes import EXACTLY_TEN, FORMER, HELD, REASON, History, Known
from tests.policies.configurations.shapes import Document, domain, given, text
from warmlane import names
from warmlane.environment import Lane
from warmlane.snapshot import CLOCK_SKEW, MAX_AGE

GONE = "gone".ljust(names.ID_LENGTH, "e")
"""A campaign and a lane that no config has any more."""
FACTORS = [0.02, 0.5, 1]
"""Throttle factors; the least of them leaves one message of the first step of every plan."""


class Kind(NamedTuple):
    """Which snapshot there is. `lanes`: it was taken after the first `up`; `asked`: it knows holds and incidents."""

    exists: bool
    age: timedelta
    lanes: bool
    asked: bool

    @property
    def said(self) -> Known:
        """What lanes' histories must keep to."""
        fresh = self.exists and -CLOCK_SKEW <= self.age <= MAX_AGE
        return Known(self.exists and self.lanes, fresh and self.asked, fresh and not self.lanes)


KINDS = [
    Kind(False, timedelta(0), False, False),
    Kind(True, timedelta(hours=1), True, True),
    Kind(True, timedelta(hours=1), True, False),
    Kind(True, MAX_AGE, True, True),
    Kind(True, -CLOCK_SKEW, True, True),
    Kind(True, timedelta(hours=1), False, True),
    Kind(True, timedelta(days=30), True, True),
]


def snapshot(
    decks: Decks,
    kind: Kind,
    now: datetime,
    environment: str,
    lanes: Mapping[str, tuple[str, History, Lane]],
    throttled: Mapping[str, float],
) -> Document | None:
    """The environment's snapshot. `lanes`: by id, the campaign (or none), the history and the model."""
    if not kind.exists:
        return None
    taken = now - kind.age
    seen = {lane: one for lane, one in lanes.items() if kind.lanes and not one[1].is_young}
    found: Document = {
        "environment": environment,
        "taken": text(taken),
        "lanes": {lane: _facts(decks, model, taken) for lane, (_, _, model) in seen.items()},
        "leases": _leases(decks, seen),
    }
    given(decks, found, "snapshot.feedback", "none")
    if kind.asked:
        held = [one for one in lanes.items() if one[1][1].role == "held"]
        found["holds"] = _holds(
            decks, taken, throttled, [one[0] for _, one in lanes.items() if one[1].role == "ending"]
        )
        found["incidents"] = _incidents(decks, taken, held)
    return found


def _facts(decks: Decks, lane: Lane, taken: datetime) -> Document:
    found: Document = {}
    given(decks, found, "facts.sending_days", lane.stage, lane.stage + 3)
    day = taken.date() - timedelta(days=1)
    yesterday, before = text(day), text(day - timedelta(days=1))
    given(decks, found, "facts.delivered", {}, {yesterday: 0}, {before: 2000, yesterday: 4000})
    counted = lane.sending_days_as_of is not None and day <= lane.sending_days_as_of
    if counted and "sending_days" not in found and found.get("delivered") == {yesterday: 0}:
        # Without a ledger a lane that counts this day as one with mail would be refused, and rightly.
        del found["delivered"]
    return found


def _leases(decks: Decks, seen: Mapping[str, tuple[str, History, Lane]]) -> Document:
    found = {campaign: lane for lane, (campaign, history, _) in seen.items() if history.role in HELD[::2]}
    # The former holder had the lane when the snapshot was taken; its lease has been written down since.
    for lane, (_, history, model) in seen.items():
        if history.role == "new" and FORMER in {past.campaign for past in model.leases}:
            found[FORMER] = lane
    if decks.often("a lease of old", 1, 3):
        found[GONE] = GONE
    return found


def _holds(decks: Decks, taken: datetime, throttled: Mapping[str, float], ending: list[str]) -> Document:
    def hold(level: str, factor: float) -> Document:
        reason = decks.deal("reason", ["!", REASON])
        return {"level": level, "throttle_factor": factor, "since": text(taken), "reason": reason}

    # A campaign that has no file any more is held by the domain that the snapshot tells.
    found = {campaign: hold("throttled", factor) for campaign, factor in throttled.items()}
    for campaign in ending:
        level = decks.deal("hold", ["quarantined", "retired"])
        found[campaign] = hold(level, 0) | {"sending_domain": f"{campaign}.example"}
    if decks.often("a hold of old", 1, 3):
        level = decks.deal("hold of old", ["quarantined", "retired", "throttled"])
        found[GONE] = hold(level, 0) | {"sending_domain": decks.deal("held domain", [f"{GONE}.example", domain(253)])}
    return found


def _incidents(decks: Decks, taken: datetime, held: list[tuple[str, tuple[str, History, Lane]]]) -> list[Document]:
    remedied = {
        "lane": GONE,
        "occurred": text(taken.date()),
        "campaign": FORMER,
        "what": EXACTLY_TEN,
        "remediation": REASON,
    }
    opened = {"lane": GONE, "occurred": text(taken.date()), "campaign": FORMER, "what": REASON}
    own = [{**opened, "lane": lane, "campaign": campaign} for lane, (campaign, _, _) in held[:1]]
    return [remedied, opened, *own][: decks.deal("incidents known", [0, 1, 2, 3])]
