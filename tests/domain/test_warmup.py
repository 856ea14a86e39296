"""Warm-up arithmetic: no day above its plan, and the volume is reached."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.campaign import Plan
from warmlane.warmup.plans import AGGRESSIVE, MODERATE, SPARKPOST, step, upper_bound
from warmlane.warmup.schedule import earliest_date, schedule

PLANS = st.sampled_from(Plan)
STAGES = st.integers(0, 70)
VOLUMES = st.integers(1, SPARKPOST[-1])


@given(PLANS, st.integers(1, 400))
def test_a_step_never_falls_and_never_passes_the_upper_bound(plan: Plan, day: int) -> None:
    assert 0 < step(plan, day) <= upper_bound(day)
    assert step(plan, day) <= step(plan, day + 1)


@pytest.mark.parametrize(
    ("plan", "day", "messages"),
    [
        (Plan.CONSERVATIVE, 1, 50),
        (Plan.CONSERVATIVE, 3, 50),
        (Plan.CONSERVATIVE, 4, 100),
        (Plan.CONSERVATIVE, 21, 8_000),
        (Plan.CONSERVATIVE, 22, 16_000),
        (Plan.MODERATE, 5, 2_000),
        (Plan.MODERATE, 15, 200_000),
        (Plan.MODERATE, 21, 1_000_000),
        (Plan.AGGRESSIVE, 4, 1_000),
        (Plan.AGGRESSIVE, 5, 5_000),
        (Plan.AGGRESSIVE, 9, 50_000),
        (Plan.AGGRESSIVE, 14, 250_000),
        (Plan.AGGRESSIVE, 29, 10_000_000),
    ],
)
def test_published_figures(plan: Plan, day: int, messages: int) -> None:
    assert step(plan, day) == messages


@pytest.mark.parametrize("plan", Plan)
def test_every_plan_reaches_the_highest_volume(plan: Plan) -> None:
    assert step(plan, 60) == SPARKPOST[-1], "an adopted lane may enter at day 60"


def test_plans_are_ordered() -> None:
    for day in range(1, 61):
        assert step(Plan.CONSERVATIVE, day) <= step(Plan.MODERATE, day) <= step(Plan.AGGRESSIVE, day)
    assert len(MODERATE) == 21
    assert len(AGGRESSIVE) == 17
    assert len(SPARKPOST) == 29


def test_there_is_no_day_zero() -> None:
    with pytest.raises(ValueError, match="no day 0"):
        step(Plan.MODERATE, 0)


@given(PLANS, STAGES, VOLUMES)
def test_a_schedule_climbs_within_its_plan_to_the_volume(plan: Plan, stage: int, volume: int) -> None:
    made = schedule(plan, stage, volume)
    assert made.first_day == stage + 1
    assert made.limits[-1] == volume
    assert all(limit < volume for limit in made.limits[:-1]), "the volume is reached on the last day, not before"
    for offset, limit in enumerate(made.limits):
        assert 0 < limit <= step(plan, made.first_day + offset)
    assert list(made.limits) == sorted(made.limits)


@given(PLANS, STAGES, VOLUMES)
def test_a_warmer_lane_is_never_later(plan: Plan, stage: int, volume: int) -> None:
    since = date(2026, 11, 2)
    assert since <= earliest_date(plan, stage + 1, volume, since) <= earliest_date(plan, stage, volume, since)


@given(PLANS, STAGES, VOLUMES)
def test_the_earliest_date_is_the_schedules_last_day(plan: Plan, stage: int, volume: int) -> None:
    since = date(2026, 11, 2)
    days = len(schedule(plan, stage, volume).limits)
    assert earliest_date(plan, stage, volume, since) == since + timedelta(days=days - 1)


@pytest.mark.parametrize(("stage", "volume"), [(-1, 10), (0, 0), (0, SPARKPOST[-1] + 1)])
def test_what_no_schedule_can_do(stage: int, volume: int) -> None:
    with pytest.raises(ValueError):
        schedule(Plan.MODERATE, stage, volume)
