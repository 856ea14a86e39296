"""The simulation at a small size, and the figures that it reports by. `make soak PART=simulate` has the full one."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from bench.soak.simulate import Size, run
from bench.soak.simulation.detectors import OURS
from bench.soak.simulation.figures import correlation, curve, most_events, threshold, upper_bound
from bench.soak.simulation.mail import day_rates, month
from bench.soak.simulation.profiles import BAD, DAYS, HEALTHY, NOT_BAD, REPORTING, Profile, constant
from warmlane.feedback.hypotheses import COMPLAINTS, CORRELATION, HARD_BOUNCES, Hypotheses

SEED = 7


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    return run(SEED, Size(healthy=20, others=2, bad=2, lanes=2))


def test_the_whole_run_at_a_small_size_keeps_its_promises(small: dict[str, Any]) -> None:
    assert json.loads(json.dumps(small)) == small
    assert small["false alarms"].keys() == {profile.name for profile in NOT_BAD}
    alarms = {name: one[OURS]["alarms"] for name, one in small["false alarms"].items() if "other model" not in name}
    assert set(alarms.values()) == {0}, alarms
    assert not small["met"], "so few campaign-months do not prove the target"
    late = small["warm-up, sending days later than the fixed plan"]
    assert len(late) == 6 and all(one["most"] <= 3 for one in late.values())
    for name, spared in small["warm-up, complaints of bad lanes in 30 days"].items():
        assert spared["controlled"] < spared["fixed"] / 2, name


def test_bad_mail_is_stopped_in_the_month(small: dict[str, Any]) -> None:
    for profile in BAD:
        curves = small["delays"][profile.name][OURS]
        assert curves["messages"]["50 %"] is not None, profile.name
        if "30 %" in profile.name and "gaps" not in profile.name:
            assert curves["messages"]["95 %"] < 400, profile.name


def test_the_same_seed_gives_the_same_month_and_another_does_not() -> None:
    assert month(Random("1"), HEALTHY) == month(Random("1"), HEALTHY)
    assert month(Random("1"), HEALTHY) != month(Random("2"), HEALTHY)


@pytest.mark.parametrize("profile", [*NOT_BAD, BAD[0]], ids=lambda profile: profile.name)
def test_a_month_holds_together(profile: Profile) -> None:
    made = month(Random(profile.name), profile)
    assert list(made.events) == sorted(made.events)
    for event in made.events:
        assert event.sent_day <= event.arrived < DAYS
        assert made.mail[event.campaign][event.provider][event.sent_day] > 0
        assert event.signal != COMPLAINTS.name or event.provider in REPORTING
    assert made.sent(0, "gmail", 3, 3.5) == made.mail[0]["gmail"][3] // 2
    assert made.total(0, DAYS) == sum(sum(days) for days in made.mail[0].values())


@pytest.mark.parametrize("drift", [0.0, 0.6])
@pytest.mark.parametrize("kind", [HARD_BOUNCES, COMPLAINTS], ids=lambda kind: kind.name)
def test_days_are_as_alike_as_they_are_said_to_be(kind: Hypotheses, drift: float) -> None:
    rates = [
        rate
        for number in range(1_500)
        for rate in day_rates(Random(f"{number}"), replace(HEALTHY, drift=drift), constant(kind.healthy))
    ]
    assert sum(rates) / len(rates) == pytest.approx(kind.healthy, rel=0.1)
    # A log-normal's variance hangs on few days where its mean is small, so that it is only roughly met.
    assert correlation(rates) == pytest.approx(CORRELATION, rel=0.6 if drift else 0.15)


def test_clopper_and_pearson() -> None:
    assert upper_bound(0, 10_000) == pytest.approx(1 - 0.05 ** (1 / 10_000), abs=1e-8)
    assert upper_bound(4, 10_000) == pytest.approx(9.1513e-4, abs=1e-7)
    assert upper_bound(3, 3) == 1
    assert 0.05 < upper_bound(500, 10_000) < 0.055, "more ways to choose them than a float holds"
    assert (most_events(0.001, 10_000), most_events(0.001, 100)) == (4, -1)


def test_a_threshold_lets_so_many_through() -> None:
    highest = [float(number % 50) for number in range(100)]
    for alarms in (0, 1, 4):
        assert sum(figure >= threshold(highest, alarms) for figure in highest) <= alarms
    assert threshold([3.0], 1) == 0


def test_what_never_came_is_the_longest_delay() -> None:
    drawn = curve([*range(90), *[None] * 10])
    assert (drawn["5 %"], drawn["50 %"], drawn["85 %"], drawn["95 %"]) == (5, 50, 85, None)
