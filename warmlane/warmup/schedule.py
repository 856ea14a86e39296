"""The schedule of a lease: what a plan leaves to be climbed until the campaign's daily volume is reached.

A lane's stage is a dated count of sending days. The first limit belongs to the first day that is neither before the
lease nor counted in the stage already: `max(since, as_of + 1 day)`. So a stage that is refreshed during a lease moves
the beginning of the schedule by as many days as it adds, and an old one moves nothing. Both give a day the same limit
when mail is sent on every day, and never more than the plan's step of the sending days behind the lane, plus one.

Reputation is kept for about 30 days: where the last counted day with mail lies more than 30 days before the first one
to come, the lane starts over. Source: "Warm up IP addresses" in Twilio SendGrid's documentation
(twilio.com/docs/sendgrid/concepts/reputation/warm-up-ip-addresses, read 2026-11), which asks for it after as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from warmlane.campaign import Plan
from warmlane.environment import Lane, Lease
from warmlane.warmup.plans import SPARKPOST, published, step

REPUTATION_DAYS = 30
"""Days after the last mail for which mailbox providers remember an address."""


@dataclass(frozen=True)
class Start:
    """Where a lease begins in its plan: `stage` sending days lie behind the lane on the morning of `day`."""

    stage: int
    day: date


@dataclass(frozen=True)
class Schedule:
    """Limits of consecutive days, messages/day.

    `limits[i]` belongs to the day `start.day + i`, the plan's sending day `start.stage + 1 + i` (1-based), as long as
    mail is sent on every day; the last one is the daily volume and stands for every later day. It holds all days and
    never "today's" figure, so that the same configuration gives the same document tomorrow.
    """

    start: Start
    limits: tuple[int, ...]

    def reached(self) -> date:
        """The first day that allows the daily volume."""
        return self.start.day + timedelta(days=self.limits.index(self.limits[-1]))


def start(lane: Lane, lease: Lease) -> Start:
    """The stage that counts for a lease, and the day of its first limit."""
    if lane.stage_as_of is None:
        return Start(0, lease.since)
    day = max(lease.since, lane.stage_as_of + timedelta(days=1))
    forgotten = (day - lane.stage_as_of).days > REPUTATION_DAYS
    return Start(0 if forgotten else lane.stage, day)


def schedule(plan: Plan, begin: Start, daily_volume: int, lifted_until: date | None = None) -> Schedule:
    """The days that are left. Up to `lifted_until` the plan's own figures hold, without SparkPost's column.

    It ends on the day on which the plan within its upper bound allows the daily volume; a lifted bound may allow it
    earlier, and its limits fall back when it returns.

    Raises ValueError for a negative stage and for a volume that no plan reaches.
    """
    if begin.stage < 0:
        raise ValueError(f"a lane cannot have {begin.stage} sending days behind it")
    if not 1 <= daily_volume <= SPARKPOST[-1]:
        raise ValueError(f"a daily volume is between 1 and {SPARKPOST[-1]} messages/day, and {daily_volume} is not")
    limits = list[int]()
    bounded = 0
    while bounded < daily_volume:
        day = begin.stage + 1 + len(limits)
        lifted = lifted_until is not None and begin.day + timedelta(days=len(limits)) <= lifted_until
        bounded = step(plan, day)
        limits.append(min(published(plan, day) if lifted else bounded, daily_volume))
    return Schedule(begin, tuple(limits))
