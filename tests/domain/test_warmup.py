"""Warm-up arithmetic: no day above its plan, and the volume is reached."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.campaign import Plan
from warmlane.environment import Adopted, Lane, Lease
from warmlane.warmup.plans import AGGRESSIVE, MODERATE, SPARKPOST, published, step, upper_bound
from warmlane.warmup.schedule import REPUTATION_DAYS, Schedule, Start, schedule, start

PLANS = st.sampled_from(Plan)
STAGES = st.integers(0, 70)
VOLUMES = st.integers(1, SPARKPOST[-1])
SINCE = date(2026, 11, 2)
LONG_AGO = date(2026, 6, 1)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def lane(sending_days: int, as_of: date | None, adopted: Adopted | None = None) -> Lane:
    return Lane(started=LONG_AGO, sending_days=sending_days, sending_days_as_of=as_of, adopted=adopted)


def lease(since: date) -> Lease:
    return Lease(lane="amber", since=since)


def limit_on(made: Schedule, day: date) -> int:
    """The limit of a day as a sender reads it: none before the schedule begins, the last one for ever."""
    passed = (day - made.start.day).days
    return 0 if passed < 0 else made.limits[min(passed, len(made.limits) - 1)]


def behind(mail: set[date], day: date) -> int:
    """Sending days behind a lane on the morning of a day: those since its last pause of more than 30 days."""
    count, last = 0, None
    for sent in sorted(one for one in mail if one < day):
        count = 1 if last is not None and (sent - last).days > REPUTATION_DAYS else count + 1
        last = sent
    return 0 if last is None or (day - last).days > REPUTATION_DAYS else count


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
    for figure in (step, published):
        with pytest.raises(ValueError, match="no day 0"):
            figure(Plan.MODERATE, 0)


@given(PLANS, STAGES, VOLUMES)
def test_a_schedule_climbs_within_its_plan_to_the_volume(plan: Plan, stage: int, volume: int) -> None:
    made = schedule(plan, Start(stage, SINCE), volume)
    assert made.limits[-1] == volume
    assert all(limit < volume for limit in made.limits[:-1]), "the volume is reached on the last day, not before"
    for offset, limit in enumerate(made.limits):
        assert 0 < limit <= step(plan, stage + 1 + offset)
    assert list(made.limits) == sorted(made.limits)
    assert made.reached() == SINCE + days(len(made.limits) - 1)


@given(PLANS, STAGES, VOLUMES)
def test_a_warmer_lane_is_never_later(plan: Plan, stage: int, volume: int) -> None:
    cold, warm = (schedule(plan, Start(behind, SINCE), volume).reached() for behind in (stage, stage + 1))
    assert warm <= cold


@pytest.mark.parametrize(("stage", "volume"), [(-1, 10), (0, 0), (0, SPARKPOST[-1] + 1)])
def test_what_no_schedule_can_do(stage: int, volume: int) -> None:
    with pytest.raises(ValueError):
        schedule(Plan.MODERATE, Start(stage, SINCE), volume)


@pytest.mark.parametrize(
    ("sending_days", "as_of", "since", "stage", "first"),
    [
        (0, None, "2026-11-02", 0, "2026-11-02"),
        (5, "2026-11-01", "2026-11-02", 5, "2026-11-02"),
        (5, "2026-10-20", "2026-11-02", 5, "2026-11-02"),
        (12, "2026-11-08", "2026-11-02", 12, "2026-11-09"),
        (5, "2026-10-03", "2026-11-02", 5, "2026-11-02"),
        (5, "2026-10-02", "2026-11-02", 0, "2026-11-02"),
    ],
    ids=["never sent", "day before", "idle for a while", "refreshed during the lease", "30 days", "31 days"],
)
def test_where_a_lease_begins(sending_days: int, as_of: str | None, since: str, stage: int, first: str) -> None:
    counted = lane(sending_days, date.fromisoformat(as_of) if as_of else None)
    begin = start(counted, lease(date.fromisoformat(since)))
    assert begin == Start(stage, date.fromisoformat(first))


def test_the_newest_count_is_the_stage() -> None:
    adopted = Adopted(
        stage=14, as_of=LONG_AGO, daily_volume=1, by="a@warmlane.test", evidence="The old system's figures."
    )
    young = lane(0, None, adopted)
    assert (young.stage, young.stage_as_of) == (14, LONG_AGO)
    refreshed = lane(17, LONG_AGO + days(3), adopted)
    assert (refreshed.stage, refreshed.stage_as_of) == (17, LONG_AGO + days(3))
    cooled = lane(2, LONG_AGO + days(50), adopted)
    assert cooled.stage == 2, "the ledger counts anew after a pause, and what was adopted before it is gone"


@given(PLANS, VOLUMES, st.sets(st.integers(0, 120)), st.integers(0, 120), st.integers(0, 120))
def test_no_day_outruns_the_plan(plan: Plan, volume: int, sent: set[int], counted: int, leased: int) -> None:
    """Whenever the stage was counted and whenever the lease began; from its first limit on, mail is sent daily."""
    mail = {LONG_AGO + days(number) for number in sent}
    known = [day for day in mail if day <= LONG_AGO + days(counted)]
    as_of = max(known, default=None)
    stage = behind(mail, as_of + days(1)) if as_of else 0
    made = schedule(plan, start(lane(stage, as_of), lease(LONG_AGO + days(leased))), volume)
    mail = {day for day in mail if day < made.start.day}
    for number in range(160):
        day = LONG_AGO + days(number)
        limit = limit_on(made, day)
        assert limit <= step(plan, behind(mail, day) + 1)
        if day >= made.start.day:
            assert limit > 0, "a lane that may send has no gap in its schedule"
            mail.add(day)
        else:
            assert limit == 0


@given(PLANS, VOLUMES, STAGES, st.integers(0, 40), st.integers(0, 60))
def test_a_refreshed_stage_gives_a_day_the_same_limit(
    plan: Plan, volume: int, stage: int, idle: int, passed: int
) -> None:
    """Nothing is counted twice, and nothing is taken away, when the days of a lease are added to its stage."""
    before = lane(stage, SINCE - days(idle + 1))
    begin = start(before, lease(SINCE))
    old = schedule(plan, begin, volume)
    refreshed = lane(begin.stage + passed + 1, SINCE + days(passed))
    new = schedule(plan, start(refreshed, lease(SINCE)), volume)
    for number in range(passed + 1, 100):
        assert limit_on(new, SINCE + days(number)) == limit_on(old, SINCE + days(number))


@given(PLANS, STAGES, VOLUMES, st.integers(-5, 60))
def test_an_override_lifts_the_upper_bound_and_no_more(plan: Plan, stage: int, volume: int, until: int) -> None:
    end = SINCE + days(until)
    made = schedule(plan, Start(stage, SINCE), volume, end)
    for offset, limit in enumerate(made.limits):
        figure = published if SINCE + days(offset) <= end else step
        assert limit == min(figure(plan, stage + 1 + offset), volume)
    assert made.limits[-1] <= step(plan, stage + len(made.limits)), "its last figure stands when the override is over"
    bounded = schedule(plan, Start(stage, SINCE), volume)
    assert len(made.limits) == len(bounded.limits)
    if until < 0:
        assert made == bounded


def test_an_override_makes_a_difference() -> None:
    bounded = schedule(Plan.AGGRESSIVE, Start(0, SINCE), 1_000_000)
    lifted = schedule(Plan.AGGRESSIVE, Start(0, SINCE), 1_000_000, SINCE + days(14))
    assert (bounded.reached(), lifted.reached()) == (SINCE + days(19), SINCE + days(14))
    assert lifted.limits[15] == upper_bound(16), "the bound returns on the day after"
