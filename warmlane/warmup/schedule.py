"""The schedule of a lane: what a plan leaves to be climbed until the campaign's daily volume is reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from warmlane.campaign import Plan
from warmlane.warmup.plans import SPARKPOST, step


@dataclass(frozen=True)
class Schedule:
    """Limits of consecutive sending days, messages/day.

    `limits[i]` belongs to the plan's sending day `first_day + i` (1-based); the last one is the daily volume.
    """

    first_day: int
    limits: tuple[int, ...]


def schedule(plan: Plan, stage: int, daily_volume: int) -> Schedule:
    """The days that are left for a lane that has `stage` sending days of the plan behind it.

    Raises ValueError for a negative stage and for a volume that no plan reaches.
    """
    if stage < 0:
        raise ValueError(f"a lane cannot have {stage} sending days behind it")
    if not 1 <= daily_volume <= SPARKPOST[-1]:
        raise ValueError(f"a daily volume is between 1 and {SPARKPOST[-1]} messages/day, and {daily_volume} is not")
    first_day = stage + 1
    limits = [min(step(plan, first_day), daily_volume)]
    while limits[-1] < daily_volume:
        limits.append(min(step(plan, first_day + len(limits)), daily_volume))
    return Schedule(first_day, tuple(limits))


def earliest_date(plan: Plan, stage: int, daily_volume: int, since: date) -> date:
    """The day on which the daily volume is allowed, when mail is sent on every day from `since` on."""
    return since + timedelta(days=len(schedule(plan, stage, daily_volume).limits) - 1)
