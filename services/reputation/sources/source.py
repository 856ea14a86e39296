"""What every source of providers' figures has in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from warmlane.reputation.zones import Kind

STALE = timedelta(days=4)
"""Age of the newest figures from which they tell nothing of today. Both sources publish a day within two."""


class Outcome(StrEnum):
    """How a question to a source ended. Only VALUE comes with figures: nothing else is a zero."""

    VALUE = "value"
    EMPTY = "empty"
    """The source has nothing on the subject: too little mail, or none."""
    STALE = "stale"
    """What it has is too old."""
    DENIED = "denied"
    """The credentials, or the right to see this subject, are missing."""
    LIMITED = "limited"
    """Asked too often."""
    MALFORMED = "malformed"
    """The answer has another shape than was agreed."""
    UNREACHABLE = "unreachable"
    """No answer, or the source's own failure."""


@dataclass(frozen=True)
class Report:
    """What a source says of one subject: figures by measure (ratios 0 to 1), of the newest day it has."""

    outcome: Outcome
    figures: tuple[tuple[str, float], ...] = ()
    day: date | None = None


class SourceError(Exception):
    """A question failed as a whole. The text holds neither address nor credentials."""

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


class Source(Protocol):
    """A source. It keeps nothing between two questions but its credentials."""

    name: ClassVar[str]
    kind: ClassVar[Kind]
    measures: ClassVar[tuple[str, ...]]

    def read(self, subjects: Sequence[str], today: date) -> dict[str, Report]:
        """A report for every subject. Blocks for some seconds; raises SourceError where none can be had."""


def dated(figures: dict[str, float], day: date, today: date) -> Report:
    """A report of one day's figures, STALE where they are too old. Raises SourceError for a day to come."""
    if day > today + timedelta(days=1):
        raise SourceError(Outcome.MALFORMED, f"its figures are of {day}, which is to come")
    if today - day > STALE:
        return Report(Outcome.STALE, day=day)
    return Report(Outcome.VALUE, tuple(sorted(figures.items())), day)
