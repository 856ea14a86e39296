"""Today's limit of a lane, messages/day: the least of plan, allowance and recent growth, times the throttle factor."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from warmlane.campaign import Plan
from warmlane.pacing.history import History
from warmlane.warmup.plans import AGGRESSIVE, CONSERVATIVE, MODERATE, published, step

_LAST_GROWTH = {
    Plan.CONSERVATIVE: Fraction(CONSERVATIVE[-1], CONSERVATIVE[-2]),
    Plan.MODERATE: Fraction(MODERATE[-1], MODERATE[-2]),
    Plan.AGGRESSIVE: Fraction(AGGRESSIVE[-1], AGGRESSIVE[-2]),
}


@dataclass(frozen=True)
class WarmUp:
    """The warm-up that a sender was deployed with, as `warmlane.sender_config` writes it."""

    plan: Plan
    daily_volume: int
    """Messages/day that the campaign asks for."""
    stage: int
    """Sending days behind the lane on the morning of `starts`, as committed."""
    starts: int
    """The day of `limits[0]`; nothing is sent before."""
    limits: tuple[int, ...]
    """Messages/day of consecutive days, the last for every later one: what the policy pack has judged."""


@dataclass(frozen=True)
class Restraint:
    """What binds a lane at this moment besides its plan and its history."""

    allowance: int | None
    """The guardian's figure, messages/day; None where the environment has no feedback."""
    throttle: Fraction = Fraction(1)
    """The campaign's throttle factor, 0 to 1."""
    hold_stands: bool = False
    """Whether the campaign is quarantined or retired."""


def planned(warm_up: WarmUp, sending_days: int, today: int) -> int:
    """The plan's figure for a lane with so many sending days behind it, messages/day.

    It never passes the schedule, which counts a sending day for each date: a day without mail is counted there, and not
    here. Where the schedule lies above the upper bound, an override has lifted it, and it is lifted here, too.
    """
    passed = today - warm_up.starts
    if passed < 0:
        return 0
    scheduled = warm_up.limits[min(passed, len(warm_up.limits) - 1)]
    lifted = scheduled > step(warm_up.plan, warm_up.stage + 1 + passed)
    figure = (published if lifted else step)(warm_up.plan, sending_days + 1)
    return min(scheduled, figure, warm_up.daily_volume)


def growth(plan: Plan, sending_days: int) -> Fraction:
    """The plan's own growth after `sending_days` sending days: its next higher figure over the present one, above 1.

    A plan that stays on a figure for days grows to the next one all the same, or a lane that lost a few messages could
    never make up for them. Where the plan has reached its top, it is the growth of its last printed days.
    """
    day = max(sending_days, 1)
    present = step(plan, day)
    # No plan stays on a figure for more than three days below its top.
    for ahead in range(1, 4):
        if step(plan, day + ahead) > present:
            return Fraction(step(plan, day + ahead), present)
    return _LAST_GROWTH[plan]


def limit(warm_up: WarmUp, history: History, restraint: Restraint, today: int) -> int:
    """The lane's limit of today, messages/day; 0 while a hold stands."""
    if restraint.hold_stands:
        return 0
    plan = planned(warm_up, history.sending_days, today)
    grown = int(growth(warm_up.plan, history.sending_days) * history.highest)
    figure = min(plan, max(step(warm_up.plan, 1), grown))
    if restraint.allowance is not None:
        figure = min(figure, restraint.allowance)
    return int(figure * restraint.throttle)


def provider_limit(lane_limit: int, allowance: int | None, throttle: Fraction) -> int:
    """The limit of a lane at one mailbox provider, messages/day: the lane's own, or less by the guardian's figure."""
    return lane_limit if allowance is None else min(lane_limit, int(allowance * throttle))
