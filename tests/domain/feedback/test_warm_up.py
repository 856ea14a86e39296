"""The warm-up controller: one step a day up, down at once, and no step on doubt."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.feedback.made import TODAY, at_provider, bounced, reading
from warmlane.campaign import Plan
from warmlane.feedback import bounds
from warmlane.feedback.campaign import Campaign, seen
from warmlane.feedback.lane_view import view
from warmlane.feedback.signals import Deferral
from warmlane.feedback.standing import COOL_DOWN_DAYS, Standing
from warmlane.feedback.warm_up import (
    REGRESSIONS_MOST,
    DayAtProvider,
    Ramp,
    Stage,
    Use,
    View,
    allowance,
    judge,
    lowered,
    used,
)
from warmlane.hold import Level
from warmlane.pacing.moments import UTC_DAY
from warmlane.warmup.plans import published, step
from warmlane.warmup.schedule import REPUTATION_DAYS

RAMP = Ramp(Plan.MODERATE, 100_000)
CLEAN = View(TODAY, DayAtProvider(1_000, 8, 1.0), known=True, free=True, strain=0.0)
FIFTH = Stage(5, last_mail=TODAY - 1)


def judged(view: View, stage: Stage = FIFTH, ramp: Ramp = RAMP) -> tuple[int, str]:
    after, decision = judge("amber gmail", stage, view, ramp, 0.0)
    return after.stage, decision.rule.removeprefix("warm-up ") if decision else ""


def test_a_used_and_clean_day_advances_one_step_and_only_one() -> None:
    assert judged(CLEAN) == (6, "advance")
    after, _ = judge("amber gmail", FIFTH, CLEAN, RAMP, 0.0)
    assert judge("amber gmail", after, CLEAN, RAMP, 0.0) == (after, None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"known": False}, "no-data"),
        ({"yesterday": None}, "no-data"),
        ({"free": False}, "held-back"),
        ({"yesterday": DayAtProvider(1_000, 8, 0.79)}, "little-use"),
        ({"yesterday": DayAtProvider(0, 0, 1.0)}, "little-use"),
        ({"strain": bounds.CALM}, "evidence"),
        ({"yesterday": DayAtProvider(1_000, 45, 1.0)}, "hard-bounces"),
        ({"yesterday": DayAtProvider(100, 9, 1.0)}, "hard-bounces"),
    ],
)
def test_doubt_stays(change: dict[str, object], reason: str) -> None:
    assert judged(replace(CLEAN, **change)) == (5, f"stays: {reason}")


def test_few_bounces_on_a_small_day_are_no_doubt() -> None:
    assert judged(replace(CLEAN, yesterday=DayAtProvider(8, 1, 1.0))) == (6, "advance")


def test_data_that_comes_later_in_the_day_still_advances() -> None:
    dark = replace(CLEAN, known=False)
    after, told = judge("amber gmail", FIFTH, dark, RAMP, 0.0)
    assert told is not None
    assert judge("amber gmail", after, dark, RAMP, 1.0)[1] is None, "told once a day"
    assert judged(CLEAN, after) == (6, "advance")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"strain": bounds.THROTTLE}, "evidence"),
        ({"put_off": (30, 100)}, "deferrals"),
        ({"bounced": (20, 150)}, "hard-bounces"),
    ],
)
def test_bad_signs_lower_at_once_even_without_the_rest(change: dict[str, object], rule: str) -> None:
    bad = replace(CLEAN, known=False, yesterday=None, **change)
    assert judged(bad) == (3, rule)
    advanced, _ = judge("amber gmail", FIFTH, CLEAN, RAMP, 0.0)
    lower, decision = judge("amber gmail", advanced, bad, RAMP, 1.0)
    assert lower.stage == 4 and decision is not None, "also on the day of an advance"
    assert judge("amber gmail", lower, bad, RAMP, 2.0)[1] is None, "once a day"


def test_the_first_stage_does_not_advance_on_bad_signs() -> None:
    assert judged(replace(CLEAN, put_off=(30, 100)), Stage()) == (0, "")


@given(st.sampled_from(Plan), st.integers(1, 200), st.integers(1, 10_000_000))
def test_going_down_lowers_the_figure(plan: Plan, stage: int, volume: int) -> None:
    ramp = Ramp(plan, volume)
    lower, _ = judged(replace(CLEAN, put_off=(30, 100)), Stage(stage, last_mail=TODAY), ramp)
    assert lower <= max(stage - 2, 0)
    assert ramp.figure(lower) < ramp.figure(stage) or lower == 0


def test_evidence_that_days_have_to_wear_off_lowers_once_a_week() -> None:
    bad = replace(CLEAN, strain=bounds.THROTTLE)
    stage = Stage(9, last_mail=TODAY)
    moves = []
    for day in range(8):
        stage, decision = judge("amber gmail", stage, replace(bad, today=TODAY + day), RAMP, 0.0)
        moves.append(decision is not None)
    assert moves == [True, *[False] * 6, True]


def test_many_regressions_wait_for_a_person() -> None:
    stage = replace(FIFTH, regressions=tuple(TODAY - 1 - day for day in range(REGRESSIONS_MOST)))
    assert judged(CLEAN, stage) == (5, "stays: too-many-regressions")
    assert judged(replace(CLEAN, today=TODAY + REPUTATION_DAYS + 1), replace(stage, last_mail=TODAY + 30)) == (
        6,
        "advance",
    )
    released, _ = lowered("amber gmail", stage, RAMP, TODAY, 0.0)
    assert (released.stage, released.regressions) == (3, ())
    last, decision = judge(
        "amber gmail", replace(stage, regressions=stage.regressions[1:]), replace(CLEAN, put_off=(30, 100)), RAMP, 0.0
    )
    assert decision is not None and decision.page, last


@pytest.mark.parametrize(("idle", "expected"), [(REPUTATION_DAYS, 5), (REPUTATION_DAYS + 1, 0)])
def test_idle_time_goes_back_to_the_start(idle: int, expected: int) -> None:
    quiet = replace(CLEAN, yesterday=DayAtProvider(0, 0, 0.0))
    assert judged(quiet, replace(FIFTH, last_mail=TODAY - idle))[0] == expected


def test_the_daily_volume_ends_the_climb() -> None:
    assert judged(CLEAN, ramp=Ramp(Plan.MODERATE, step(Plan.MODERATE, 6))) == (5, "stays: arrived")


def test_an_allowance_is_the_plans_next_figure() -> None:
    stages = {"gmail": Stage(3), "yahoo": Stage(1)}
    assert allowance(stages, RAMP) == (step(Plan.MODERATE, 4), {"gmail": 1_000, "yahoo": 100})
    assert allowance(stages, RAMP, lowest=True) == (50, {"gmail": 50, "yahoo": 50})
    lifted = Ramp(Plan.AGGRESSIVE, 10**7, lifted=True)
    assert lifted.figure(19) == published(Plan.AGGRESSIVE, 20) > step(Plan.AGGRESSIVE, 20)


def test_one_provider_that_lags_does_not_keep_the_others_back() -> None:
    mail = {"gmail": Use(100, 100, waiting=350), "yahoo": Use(550, 1_000, waiting=0)}
    assert used(1_000, mail, "yahoo") == 1.0
    assert used(1_000, {**mail, "gmail": Use(100, 1_000, waiting=350)}, "yahoo") == 0.65, "it waits for something else"
    assert used(0, {"yahoo": Use(0, 0, 9)}, "yahoo") == 0.0


def test_a_view_is_of_yesterday_only_when_it_was_read_today() -> None:
    morning = TODAY * UTC_DAY
    counts = (bounced(1_000, 9, TODAY - 1), bounced(50, 2))

    def seen_at(taken: float, now: float, **there: object) -> View:
        found = reading(at=taken, gmail=at_provider(*counts, at=taken, **there))
        return view(seen(Campaign(), found, now), found, "gmail", 0.9, {}, now, UTC_DAY)

    assert seen_at(morning - 1, morning + 10).yesterday is None
    whole = seen_at(morning, morning + 10, made=100, deferred={Deferral.SLOWED: 7, Deferral.OWN: 900})
    assert whole.yesterday == DayAtProvider(1_000, 9, 0.9)
    assert (whole.bounced, whole.put_off, whole.known, whole.free) == ((2, 50), (7, 100), True, True)
    assert seen_at(morning, morning + 600).yesterday is None, "too old"


@pytest.mark.parametrize(
    ("standing", "free"),
    [
        (Standing(), True),
        (Standing(Level.THROTTLED), False),
        (Standing(returned=TODAY * UTC_DAY), False),
        (Standing(returned=(TODAY - COOL_DOWN_DAYS) * UTC_DAY), True),
    ],
)
def test_a_throttle_and_its_cool_down_keep_the_stage(standing: Standing, free: bool) -> None:
    now = TODAY * UTC_DAY + 1.0
    assert view(Campaign(standing), reading(at=now), "gmail", 1.0, {}, now, UTC_DAY).free is free


def test_a_stage_survives_json() -> None:
    stage, _ = judge("amber gmail", FIFTH, replace(CLEAN, put_off=(30, 100)), RAMP, 0.0)
    assert Stage.from_json(json.loads(json.dumps(stage.to_json()))) == stage
