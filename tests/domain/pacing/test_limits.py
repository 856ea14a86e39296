"""Today's limit: never above plan, allowance or recent growth; days without mail do not advance it."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.campaign import Plan
from warmlane.pacing.history import RECENT_SENDING_DAYS, Base, Delivered, History, history
from warmlane.pacing.limits import Restraint, WarmUp, growth, limit, planned, provider_limit
from warmlane.pacing.moments import first_day
from warmlane.warmup.plans import AGGRESSIVE, SPARKPOST, published, step
from warmlane.warmup.schedule import REPUTATION_DAYS, Start, schedule

PLANS = st.sampled_from(Plan)
START = date(2026, 11, 2)
FIRST = first_day(START)
FREE = Restraint(allowance=None)


def warm_up(plan: Plan, volume: int, stage: int = 0, lifted_until: date | None = None) -> WarmUp:
    limits = schedule(plan, Start(stage, START), volume, lifted_until).limits
    return WarmUp(plan, volume, stage, FIRST, limits)


def climbed(warm: WarmUp, days: int, part: Fraction = Fraction(1)) -> list[int]:
    """The limits of consecutive days on each of which `part` of the limit is delivered."""
    delivered, limits = list[Delivered](), list[int]()
    for day in range(FIRST, FIRST + days):
        limits.append(limit(warm, history(Base(), delivered, day), FREE, day))
        delivered.append(Delivered(day, int(limits[-1] * part)))
    return limits


@given(PLANS, st.integers(1, 2_000_000))
def test_a_lane_that_uses_every_day_climbs_its_schedule(plan: Plan, volume: int) -> None:
    warm = warm_up(plan, volume)
    assert tuple(climbed(warm, len(warm.limits))) == warm.limits


@given(PLANS, st.integers(60, 2_000_000))
def test_losing_some_mail_to_bounces_does_not_wear_the_limit_down(plan: Plan, volume: int) -> None:
    assert climbed(warm_up(plan, volume), 200, Fraction(9, 10))[-1] == volume


@given(PLANS, st.integers(1, 10_000_000), st.integers(0, 400), st.integers(0, 10**7), st.integers(0, 200))
def test_no_limit_exceeds_plan_upper_bound_or_growth(
    plan: Plan, volume: int, sending_days: int, highest: int, passed: int
) -> None:
    found = limit(warm_up(plan, volume), History(sending_days, highest), FREE, FIRST + passed)
    assert found <= min(step(plan, sending_days + 1), step(plan, passed + 1), volume, SPARKPOST[-1])
    assert found <= max(step(plan, 1), growth(plan, sending_days) * highest)


def test_the_first_day_of_a_lane_without_history_is_the_first_step() -> None:
    for passed in (0, 1, 40):
        assert limit(warm_up(Plan.MODERATE, 100_000), History(0, 0), FREE, FIRST + passed) == 50


def test_nothing_is_sent_before_the_schedule_starts() -> None:
    assert limit(warm_up(Plan.MODERATE, 100_000, stage=9), History(9, 10_000), FREE, FIRST - 1) == 0


def test_a_day_of_little_mail_bounds_the_next_ones() -> None:
    warm = warm_up(Plan.AGGRESSIVE, 100_000, stage=6)
    assert limit(warm, History(6, 10_000), FREE, FIRST) == 20_000
    assert limit(warm, History(6, 300), FREE, FIRST) == 600


def test_the_schedule_binds_a_lane_whose_counters_are_ahead_of_it() -> None:
    assert limit(warm_up(Plan.MODERATE, 100_000), History(12, 90_000), FREE, FIRST) == 50


@given(PLANS, st.integers(0, 300))
def test_a_plans_growth_is_above_one(plan: Plan, sending_days: int) -> None:
    assert 1 < growth(plan, sending_days) <= 5


@pytest.mark.parametrize(
    ("plan", "sending_days", "factor"),
    [
        (Plan.CONSERVATIVE, 0, Fraction(2)),
        (Plan.CONSERVATIVE, 2, Fraction(2)),
        (Plan.CONSERVATIVE, 6, Fraction(5)),
        (Plan.MODERATE, 2, Fraction(5)),
        (Plan.MODERATE, 400, Fraction(40, 33)),
        (Plan.AGGRESSIVE, 400, Fraction(2)),
    ],
)
def test_growth_is_the_next_higher_figure_over_the_present_one(plan: Plan, sending_days: int, factor: Fraction) -> None:
    assert growth(plan, sending_days) == factor


def test_an_override_lifts_the_upper_bound_up_to_its_last_day_only() -> None:
    until = START + timedelta(days=9)
    stage = next(day for day in range(len(AGGRESSIVE)) if published(Plan.AGGRESSIVE, day + 1) > SPARKPOST[day])
    warm = warm_up(Plan.AGGRESSIVE, 9_000_000, stage, until)
    assert planned(warm, stage, FIRST) == published(Plan.AGGRESSIVE, stage + 1)
    assert planned(warm, stage, FIRST + 9) == published(Plan.AGGRESSIVE, stage + 1), "idle days do not advance"
    assert planned(warm, stage, FIRST + 10) == step(Plan.AGGRESSIVE, stage + 1)


@given(st.integers(0, 10**7), st.fractions(0, 1, max_denominator=1000))
def test_allowance_throttle_and_hold_only_ever_lower(allowance: int, throttle: Fraction) -> None:
    warm, past = warm_up(Plan.MODERATE, 100_000, stage=9), History(9, 25_000)
    free = limit(warm, past, FREE, FIRST)
    found = limit(warm, past, Restraint(allowance, throttle), FIRST)
    assert found == int(min(free, allowance) * throttle)
    assert limit(warm, past, Restraint(allowance, throttle, hold_stands=True), FIRST) == 0
    assert provider_limit(found, None, throttle) == found
    assert provider_limit(found, allowance // 2, throttle) == min(found, int(allowance // 2 * throttle))


DAYS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 1000)), unique_by=lambda pair: pair[0], max_size=60)


@given(DAYS, st.integers(0, 201))
def test_history_counts_days_with_mail_since_the_last_thirty_idle_ones(days: list[tuple[int, int]], today: int) -> None:
    sent = sorted(pair for pair in days if pair[0] < today and pair[1])
    run: list[tuple[int, int]] = []
    for pair in sent:
        run = [pair] if run and pair[0] - run[-1][0] > REPUTATION_DAYS else [*run, pair]
    if run and today - run[-1][0] > REPUTATION_DAYS:
        run = []
    recent = [messages for _, messages in run[-RECENT_SENDING_DAYS:]]
    assert history(Base(), [Delivered(*pair) for pair in days], today) == History(len(run), max(recent, default=0))


@pytest.mark.parametrize(("idle", "expected"), [(30, History(5, 800)), (31, History(0, 0))])
def test_thirty_idle_days_are_remembered_and_one_more_is_not(idle: int, expected: History) -> None:
    assert history(Base(4, Delivered(9, 800)), [Delivered(10, 700)], 10 + idle) == expected


def test_an_adopted_lanes_volume_counts_until_seven_days_of_its_own_lie_behind_it() -> None:
    base = Base(20, Delivered(100, 9000))
    own = [Delivered(101 + day, 500 + day) for day in range(7)]
    assert history(base, own[:6], 107) == History(26, 9000)
    assert history(base, own, 108) == History(27, 506)
