"""The sequential test of one signal at one provider: a CUSUM over sending days, with state that does not grow.

Days of the last week stay open, as their events still arrive; older ones are folded into one value for each bad mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from warmlane.feedback.hypotheses import ALTERNATIVES, Hypotheses, log_ratios

OPEN_DAYS = 7
"""Sending days that stay open: most complaints and late bounces arrive within a week."""


class Day(NamedTuple):
    """One sending day: messages that can produce the event, and events."""

    day: int
    mail: int
    events: int


class Run(NamedTuple):
    """A CUSUM's value, and the events since it last began anew."""

    value: float
    events: int


NOTHING = Run(0.0, 0)


class Strength(NamedTuple):
    """What a test says: its highest and its present value, each with the events behind it."""

    peak: Run
    present: Run


@dataclass(frozen=True, slots=True)
class Evidence:
    """The state of a test. `release` counts the campaign's releases: other mail is not looked at."""

    release: int = 0
    folded: tuple[Run, ...] = ()
    """For each bad mean, up to and with the sending day `through`."""
    through: int = -1
    days: tuple[Day, ...] = ()
    """Open days in order, at most `OPEN_DAYS`."""
    mail: int = 0
    """Messages of the folded days."""

    @property
    def total(self) -> int:
        """Messages seen since the test began."""
        return self.mail + sum(day.mail for day in self.days)

    def to_json(self) -> list[Any]:
        """The state as plain JSON values."""
        return [self.release, [list(run) for run in self.folded], self.through, [list(d) for d in self.days], self.mail]

    @classmethod
    def from_json(cls, saved: list[Any]) -> Evidence:
        """The state that `to_json` gave."""
        release, folded, through, days, mail = saved
        return cls(release, tuple(Run(*run) for run in folded), through, tuple(Day(*day) for day in days), mail)


def observed(evidence: Evidence, days: Iterable[Day], hypotheses: Hypotheses) -> Evidence:
    """The state after another look at the counts of some days.

    Counts are totals, so a look may be repeated or left out. A count that went down was lost by its source: the higher
    one stands. Events of days that are folded already are evidence for a person only.
    """
    known = {day.day: day for day in evidence.days}
    changed = False
    for day in days:
        if day.day <= evidence.through:
            continue
        before = known.get(day.day)
        if before is not None and (day.mail < before.mail or day.events < before.events):
            day = Day(day.day, max(day.mail, before.mail), max(day.events, before.events))
        if day != before and day.mail:
            known[day.day] = day
            changed = True
    if not changed:
        return evidence
    ordered = [known[day] for day in sorted(known)]
    folding, left = ordered[:-OPEN_DAYS], ordered[-OPEN_DAYS:]
    if not folding:
        return replace(evidence, days=tuple(left))
    values, counts = _started(evidence)
    for day in folding:
        _add(values, counts, day, hypotheses)
    mail = evidence.mail + sum(day.mail for day in folding)
    folded = tuple(map(Run, values, counts))
    return Evidence(evidence.release, folded, folding[-1].day, tuple(left), mail)


def strength(evidence: Evidence, hypotheses: Hypotheses, floor: int = 0) -> Strength:
    """How strongly the test speaks against the sender. A peak needs at least `floor` events behind it."""
    values, counts = _started(evidence)
    highest, behind = NOTHING
    for day in evidence.days:
        _add(values, counts, day, hypotheses)
        for place, value in enumerate(values):
            if value > highest and counts[place] >= floor:
                highest, behind = value, counts[place]
    present = max(values)
    return Strength(Run(highest, behind), Run(present, counts[values.index(present)]))


def summed(parts: Iterable[Evidence]) -> Evidence:
    """A test of the open days of several, without state of its own."""
    mail: dict[int, int] = {}
    events: dict[int, int] = {}
    for part in parts:
        for day in part.days:
            mail[day.day] = mail.get(day.day, 0) + day.mail
            events[day.day] = events.get(day.day, 0) + day.events
    return Evidence(days=tuple([Day(day, mail[day], events[day]) for day in sorted(mail)[-OPEN_DAYS:]]))


def _started(evidence: Evidence) -> tuple[list[float], list[int]]:
    """Values and events of the runs before the first open day."""
    runs = evidence.folded or (NOTHING,) * ALTERNATIVES
    return [run.value for run in runs], [run.events for run in runs]


def _add(values: list[float], counts: list[int], day: Day, hypotheses: Hypotheses) -> None:
    """Adds a day to the runs. A run that fell below zero begins anew with this day."""
    for place, ratio in enumerate(log_ratios(hypotheses, day.mail, day.events)):
        if values[place] > 0:
            values[place] += ratio
            counts[place] += day.events
        else:
            values[place], counts[place] = ratio, day.events
