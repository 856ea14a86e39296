"""What became of a campaign's mail, as its counters tell: positions, totals by day, the last hour. Pure.

Counters of pods grow, fall back to zero and vanish; totals here only ever grow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.guardian.prometheus import Samples
from warmlane.feedback.evidence import OPEN_DAYS
from warmlane.pacing.moments import moment

FOLLOWED = 60.0
"""Seconds between two samples up to which what was gained belongs to the sending day in which the first was taken."""
HOUR_MINUTES = 60
KEPT = 30 * 86_400.0
"""Seconds for which the position of a pod that is gone is kept: one that comes back goes on from it."""


class Series(NamedTuple):
    """A counter of delivery attempts. A pod that came back, and so has another instance, goes on from its position."""

    pod: str
    instance: str
    provider: str
    outcome: str


class Position(NamedTuple):
    """The last sample of a counter that was taken into account."""

    at: float
    value: int


class Booked(NamedTuple):
    """What is booked to: a provider, a sending day, and the campaign's releases by then."""

    provider: str
    day: int
    release: int


@dataclass
class Account:
    """What is known of one campaign's mail."""

    positions: dict[Series, Position] = field(default_factory=dict)
    delivered: dict[Booked, int] = field(default_factory=dict)
    bounced: dict[Booked, int] = field(default_factory=dict)
    attempts: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """By provider and minute since 1970 UTC: attempts of the last hour, and how many of them were put off."""

    def follow(self, series: Series, samples: Samples, release: int, day_length: int, anew: bool) -> None:
        """Books what a counter gained. Samples that were seen before add nothing.

        With `anew` a counter that is not known begins at its first sample; otherwise it began at zero since the last
        look, and all of it counts.
        """
        before = self.positions.get(series) or self._predecessor(series)
        for at, figure in samples:
            value = int(figure)
            if value < 0 or (before is not None and at <= before.at):
                continue
            if before is None:
                gained, since = (0 if anew else value), at
            else:
                gained = value - before.value if value >= before.value else value
                since = before.at if at - before.at <= FOLLOWED else at
            before = Position(at, value)
            if gained:
                self._book(series, gained, moment(since, day_length).day, release, int(at // 60))
        if before is not None:
            self.positions[series] = before

    def _predecessor(self, series: Series) -> Position | None:
        same = [at for other, at in self.positions.items() if other._replace(instance=series.instance) == series]
        return max(same, default=None)

    def _book(self, series: Series, gained: int, day: int, release: int, minute: int) -> None:
        key = Booked(series.provider, day, release)
        if series.outcome == "delivered":
            self.delivered[key] = self.delivered.get(key, 0) + gained
        elif series.outcome == "bounced":
            self.bounced[key] = self.bounced.get(key, 0) + gained
        made, put_off = self.attempts.get((series.provider, minute), (0, 0))
        deferred = gained if series.outcome == "deferred" else 0
        self.attempts[series.provider, minute] = made + gained, put_off + deferred

    def forget(self, now: float, day_length: int) -> None:
        """Drops what no decision looks at any more, so that an account does not grow."""
        first, minute = moment(now, day_length).day - OPEN_DAYS, int(now // 60) - HOUR_MINUTES
        for booked in (self.delivered, self.bounced):
            for key in [key for key in booked if key.day < first]:
                del booked[key]
        self.attempts = {key: counts for key, counts in self.attempts.items() if key[1] > minute}
        self.positions = {series: there for series, there in self.positions.items() if now - there.at < KEPT}

    def to_json(self) -> dict[str, Any]:
        """The account as plain JSON values."""
        return {
            "positions": _rows(self.positions),
            "delivered": _rows({key: (count,) for key, count in self.delivered.items()}),
            "bounced": _rows({key: (count,) for key, count in self.bounced.items()}),
            "attempts": _rows(self.attempts),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Account:
        """The account that `to_json` gave."""
        return cls(
            {Series(*row[:4]): Position(*row[4:]) for row in saved["positions"]},
            {Booked(*row[:3]): row[3] for row in saved["delivered"]},
            {Booked(*row[:3]): row[3] for row in saved["bounced"]},
            {(row[0], row[1]): (row[2], row[3]) for row in saved["attempts"]},
        )


def _rows(table: Mapping[Any, Iterable[Any]]) -> list[list[Any]]:
    return [[*key, *value] for key, value in table.items()]
