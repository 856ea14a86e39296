"""Warm-up of a lane under the controller, beside the same lane under its fixed plan alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import log1p
from random import Random

from bench.soak.simulation.profiles import REPORTING, SHARES, Rate, constant
from warmlane.campaign import Plan
from warmlane.feedback import warm_up
from warmlane.feedback.cycle import Fleet, cycle
from warmlane.feedback.hypotheses import COMPLAINTS, CORRELATION, HARD_BOUNCES, beta
from warmlane.feedback.lane_view import view
from warmlane.feedback.signals import AtProvider, Attempts, Identity, Listing, Outcomes, Queue, Reading, Signal
from warmlane.feedback.warm_up import Ramp, Stage
from warmlane.pacing.history import Base, Delivered, history
from warmlane.pacing.limits import Restraint, WarmUp, limit, provider_limit
from warmlane.warmup.schedule import Start, schedule

DAY_LENGTH = 360
"""Seconds of a simulated sending day, so that four looks 90 s apart leave no gap in what is known."""
LOOKS = (0, 90, 180, 270)
FIRST = 20_000
COMPLAINTS_SEEN = (0.4, 0.8, 1.0)
"""Part of a day's complaints that is known on that day and on the two after it."""
WITHOUT = Restraint(allowance=None)


@dataclass(frozen=True)
class Lane:
    """A new lane whose campaign has mail for all that it may send. Rates by the day from the first."""

    plan: Plan
    daily_volume: int
    bounces: Rate
    complaints: Rate


@dataclass
class Climbed:
    """How a warm-up went."""

    reached: int | None = None
    """Sending days until the daily volume was sent, at most `days`; None where it was not."""
    complaints: float = 0.0
    """Complaints that the mail caused."""
    quarantined: int | None = None
    """The day of a quarantine."""


def fixed(lane: Lane, rng: Random, days: int) -> Climbed:
    """The lane by its plan alone, whatever comes back."""
    return _climb(lane, rng, days, controlled=False)


def controlled(lane: Lane, rng: Random, days: int) -> Climbed:
    """The lane with the guardian: throttle factor, holds and the allowance of each provider."""
    return _climb(lane, rng, days, controlled=True)


def _climb(lane: Lane, rng: Random, days: int, controlled: bool) -> Climbed:
    limits = schedule(lane.plan, Start(0, date(2026, 1, 1)), lane.daily_volume).limits
    plan = WarmUp(lane.plan, lane.daily_volume, 0, FIRST, limits)
    ramp = Ramp(lane.plan, lane.daily_volume)
    stages, fleet = {provider: Stage() for provider in SHARES}, Fleet()
    outcomes: dict[str, list[Outcomes]] = {provider: [] for provider in SHARES}
    delivered, climbed, used = list[Delivered](), Climbed(), dict.fromkeys(SHARES, 0.0)
    for day in range(days):
        today = FIRST + day
        past = history(Base(), delivered, today)
        restraint, each = WITHOUT, dict[str, int]()
        if controlled:
            fleet, stages = _look(fleet, stages, outcomes, used, ramp, today * DAY_LENGTH)
            standing = fleet.campaigns["one"].standing
            allowance, each = warm_up.allowance(stages, ramp, standing.lowest)
            restraint = Restraint(allowance, Fraction(standing.factor))
        today_limit = limit(plan, past, restraint, today)
        rates = [_rate(rng, mean(day)) for mean in (lane.bounces, lane.complaints)]
        sent, uses = dict[str, int](), dict[str, warm_up.Use]()
        for provider, share in SHARES.items():
            own = provider_limit(today_limit, each.get(provider), restraint.throttle)
            sent[provider] = min(int(today_limit * share + rng.random()), own)
            uses[provider] = warm_up.Use(sent[provider], own, max(int(today_limit * share) - own, 0))
            bounced = _events(rng, sent[provider], rates[0])
            taken = sent[provider] - bounced if provider in REPORTING else 0
            reported = _events(rng, taken, rates[1])
            climbed.complaints += (sent[provider] - bounced) * rates[1]
            outcomes[provider].append(Outcomes(today, 0, sent[provider], bounced, taken, reported))
        total = sum(sent.values())
        used = {provider: warm_up.used(today_limit, uses, provider) for provider in SHARES}
        delivered.append(Delivered(today, total))
        if climbed.reached is None and total >= 0.99 * lane.daily_volume:
            climbed.reached = day + 1
        if controlled:
            for second in LOOKS[1:]:
                fleet, stages = _look(fleet, stages, outcomes, used, ramp, today * DAY_LENGTH + second)
            if climbed.quarantined is None and fleet.campaigns["one"].standing.factor == 0:
                climbed.quarantined = day
    return climbed


def _look(
    fleet: Fleet,
    stages: dict[str, Stage],
    outcomes: dict[str, list[Outcomes]],
    used: dict[str, float],
    ramp: Ramp,
    now: float,
) -> tuple[Fleet, dict[str, Stage]]:
    """One look of the guardian, with everything but the mail itself in order."""
    today = int(now // DAY_LENGTH)
    reading = Reading(
        "one",
        "example.com",
        frozenset({"list"}),
        {
            provider: AtProvider(
                Signal(tuple(_known(each, today) for each in days[-7:]), now),
                Signal(Attempts(0, {}), now),
                Signal(Queue(()), now),
            )
            for provider, days in outcomes.items()
        },
        Signal({"one": Listing.CLEAN}, now),
        Signal({}, now),
        Signal(Identity.AGREES, now),
    )
    fleet, _ = cycle(fleet, [reading], now, DAY_LENGTH)
    moved = {}
    for provider, stage in stages.items():
        seen = view(fleet.campaigns["one"], reading, provider, used[provider], {}, now, DAY_LENGTH)
        moved[provider], _ = warm_up.judge(provider, stage, seen, ramp, now)
    return fleet, moved


def _known(day: Outcomes, today: int) -> Outcomes:
    part = COMPLAINTS_SEEN[min(today - day.day, len(COMPLAINTS_SEEN) - 1)]
    return replace(day, complaints=int(day.complaints * part))


def _rate(rng: Random, mean: float) -> float:
    return rng.betavariate(*beta(mean, CORRELATION))


def _events(rng: Random, mail: int, rate: float) -> int:
    """A binomial draw: from gap to gap, or by its normal limit where there are more than 1,000 events."""
    if rate < 1e-12:
        return 0
    if mail * rate > 1_000:
        return min(max(round(rng.gauss(mail * rate, (mail * rate * (1 - rate)) ** 0.5)), 0), mail)
    place, found, miss = -1, 0, log1p(-min(rate, 1 - 1e-12))
    while True:
        place += 1 + int(log1p(-rng.random()) / miss)
        if place >= mail:
            return found
        found += 1


def healthy(rng: Random, plan: Plan, daily_volume: int) -> Lane:
    """A lane whose mail is healthy, at a mean of up to the highest healthy one."""
    part = rng.choice((0.25, 0.5, 0.75, 1.0))
    return Lane(plan, daily_volume, constant(part * HARD_BOUNCES.healthy), constant(part * COMPLAINTS.healthy))
