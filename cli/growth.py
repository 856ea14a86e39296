"""What a snapshot says of each lane's growth: today's limit against what was really delivered of late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from warmlane import config
from warmlane.environment import Environment, Lease
from warmlane.errors import ConfigError
from warmlane.snapshot import Snapshot
from warmlane.warmup.schedule import schedule, start

COLUMNS = ("lane", "campaign", "stage", "last mail", "best of last 7 sending days", "limit today", "growth")
DASH = "-"


@dataclass(frozen=True)
class Row:
    """A lane that is leased. Volumes in messages/day; `last_mail` and `highest` None where no day with mail is known.

    `highest` is that of the last 7 sending days, `limit` what the schedule allows today, `plans_growth` how much more
    that is than what it allowed yesterday (1 on its first day and once the daily volume is reached).
    """

    lane: str
    campaign: str
    stage: int
    last_mail: date | None
    highest: int | None
    limit: int | None
    plans_growth: float

    @property
    def growth(self) -> float | None:
        """How much more today's limit is than the highest delivered day."""
        return self.limit / self.highest if self.limit is not None and self.highest else None

    @property
    def cells(self) -> tuple[str, ...]:
        """For the table."""
        growth = f"x{self.growth:.1f} (plan x{self.plans_growth:.1f})" if self.growth is not None else DASH
        known = (self.last_mail, self.highest, self.limit)
        texts = (DASH if value is None else str(value) for value in known)
        return (self.lane, self.campaign, str(self.stage), *texts, growth)

    @property
    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "growth": self.growth}


def rows(repository: Path, environment: Environment, snapshot: Snapshot, today: date) -> list[Row]:
    """A row for each committed lease whose lane is deployed."""
    return [
        _row(campaign, lease, environment, snapshot, _limits(repository, campaign, lease, environment, snapshot), today)
        for campaign, lease in environment.leases.items()
        if lease.lane in snapshot.lanes
    ]


def _row(
    campaign: str,
    lease: Lease,
    environment: Environment,
    snapshot: Snapshot,
    limits: tuple[int, ...],
    today: date,
) -> Row:
    lane, facts = environment.lanes[lease.lane], snapshot.lanes[lease.lane]
    offset = (today - start(lane, lease).day).days
    begun = bool(limits) and offset >= 0
    limit = limits[min(offset, len(limits) - 1)] if begun else None
    before = limits[min(offset - 1, len(limits) - 1)] if begun and offset else limit
    return Row(
        lane=lease.lane,
        campaign=campaign,
        stage=lane.stage,
        last_mail=max(facts.days_with_mail, default=None),
        highest=facts.highest_of_late,
        limit=limit,
        plans_growth=limit / before if limit and before else 1.0,
    )


def _limits(
    repository: Path, campaign_id: str, lease: Lease, environment: Environment, snapshot: Snapshot
) -> tuple[int, ...]:
    """The schedule's limits; none where the campaign has no sound file, which is another command's matter."""
    try:
        campaign = config.load_campaign(repository, campaign_id, snapshot.environment)
    except ConfigError:
        return ()
    lifted = lease.override.until if lease.override else None
    return schedule(campaign.plan, start(environment.lanes[lease.lane], lease), campaign.daily_volume, lifted).limits


def notes(rows: list[Row]) -> Iterator[str]:
    """What grows faster than its plan does."""
    for row in rows:
        if row.growth is not None and row.growth > row.plans_growth:
            yield (
                f"{row.campaign} may send {row.limit} messages today, {row.growth:.1f} times the most that {row.lane} "
                f"delivered on one of its last 7 sending days; its plan grows by {row.plans_growth:.1f} a day. If the "
                "lane did not send what its schedule allowed, count sending_days anew."
            )
