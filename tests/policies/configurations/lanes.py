"""Random histories: when lanes came to be, what they have sent, who held them and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from policies.leases import NEW_DAYS
from tests.policies.configurations.deck import Decks
from tests.policies.configurations.shapes import Document, mailbox, text
from warmlane import names
from warmlane.warmup.schedule import REPUTATION_DAYS

FORMER = "former".ljust(names.ID_LENGTH, "r")
"""A campaign that held lanes once and holds none."""
WEEK = 7
HELD = ("held", "new", "ending")
ROLES = ["held", "free", "held", "new", "held", "ending", "free"]
"""What a lane is to somebody, as often as it is drawn."""
REASON = "Because of a reason."
EXACTLY_TEN = "ten letter"


@dataclass
class History:
    """A lane over time. `is_young`: it counts as one of the lanes that came to be within a week."""

    document: Document
    role: str
    since: date
    is_young: bool


def days(count: int) -> timedelta:
    return timedelta(days=count)


@dataclass(frozen=True)
class Known:
    """What a snapshot says. `lanes`: which leases stand; `asked`: what speaks against a new lease; `unseen`: it is
    fresh and shows no lane, so that each counts as a young one."""

    lanes: bool
    asked: bool
    unseen: bool


def history(decks: Decks, today: date, campaign: str, known: Known, room: bool, first: bool) -> History:
    """A lane's history. `room`: another lane may come to be within the week. The first one is old, so that a snapshot
    with lanes has one."""
    rng = decks.rng
    role = decks.deal("role", ROLES)
    if role == "new" and not known.asked:
        role = "held"
    young = room and not first and role in ("new", "free") and decks.often("young", 1, 2)
    # Nothing that is older than two weeks lies in one week with a lane that is new now.
    started = today - days(rng.randint(20, 400))
    if young:
        started = today + days(decks.deal("age", [-6, 0, 1, 30]))
    since = _since(decks, rng, role, started, today)
    document: Document = {"started": text(started)}
    kind = decks.deal("stage", ["none", "adopted", "counted", "adopted and counted", "zero", "forgotten"])
    if known.unseen and not room:
        kind = "adopted"
    elif role == "held" and not known.lanes:
        # Only mail that was counted since, or the evidence of an adopted lane, shows that somebody sends.
        kind = decks.deal("stage shown", ["adopted", "counted"])
    _stage(decks, document, kind, started, since, today)
    if not (role == "held" and not known.lanes and kind == "adopted"):
        _leases(decks, document, campaign, since)
    _incidents(decks, document, campaign, role, today)
    return History(document, role, since, (young or known.unseen) and "adopted" not in document)


def _since(decks: Decks, rng: Random, role: str, started: date, today: date) -> date:
    if role == "new":
        return max(started, today + days(decks.deal("since", [0, 1, 14])))
    newest = today - days(NEW_DAYS)
    age = max((newest - started).days, 0)
    return newest - days(decks.deal("since, of old", [0, 1, age, rng.randint(0, age)]))


def _stage(decks: Decks, document: Document, kind: str, started: date, since: date, today: date) -> None:
    rng, yesterday = decks.rng, today - days(1)
    adopted = 0
    if kind in ("adopted", "adopted and counted"):
        adopted = decks.deal("adopted stage", [1, 14, 28, 60])
        document["adopted"] = {
            "stage": adopted,
            "as_of": text(min(started, yesterday) - days(decks.deal("adopted as of", [0, 1, 40]))),
            "daily_volume": decks.deal("adopted volume", [1, 50_000, 10_000_000]),
            "by": mailbox(decks, "adopted by"),
            "evidence": decks.deal("evidence", [EXACTLY_TEN, REASON]),
        }
    if kind in ("none", "adopted") or started > yesterday:
        return
    first = started
    if kind == "counted" and since <= yesterday:
        first = max(started, since)
    as_of = first + days(rng.randint(0, (yesterday - first).days))
    if kind == "forgotten":
        as_of = max(started, min(yesterday, since) - days(REPUTATION_DAYS + decks.deal("forgotten", [1, 2, 90])))
    most = (as_of - started).days + 1 + adopted
    least = 0 if kind == "zero" else 1
    document["sending_days"] = least if kind == "zero" else decks.deal("days", [least, most, min(most, 30)])
    document["sending_days_as_of"] = text(as_of)


def _leases(decks: Decks, document: Document, campaign: str, since: date) -> None:
    """Between another campaign's lease and this one lie whole days of rest; the same campaign may come back at once."""
    rested = since - days(REPUTATION_DAYS + 1 + decks.deal("rested", [0, 1, 100]))
    former = {"campaign": FORMER, "since": text(rested - days(decks.deal("former", [0, 50]))), "until": text(rested)}
    own = {"campaign": campaign, "since": text(since - days(9)), "until": text(since - days(1))}
    found = decks.deal("leases", [None, [], [former], [own], [former, own]])
    if found is not None:
        document["leases"] = found


def _incidents(decks: Decks, document: Document, campaign: str, role: str, today: date) -> None:
    """An incident is remedied, or of the campaign that has held the lane since, or of nobody who holds one."""
    remedied = {"occurred": text(today), "campaign": FORMER, "what": EXACTLY_TEN, "remediation": REASON}
    opened = {"occurred": text(today), "campaign": campaign if role in HELD else FORMER, "what": REASON}
    found = decks.deal("incidents", [None, [], [remedied], [remedied, opened], None])
    if found and role == "new":
        found = found[:1]
    if found is not None:
        document["incidents"] = found
