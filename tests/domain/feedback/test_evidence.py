"""The sequential test: what it decides, and that neither its state nor its verdict depends on how often one looks."""

from __future__ import annotations

import json
from math import exp, lgamma, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.feedback import bounds
from warmlane.feedback.evidence import OPEN_DAYS, Day, Evidence, observed, strength
from warmlane.feedback.hypotheses import COMPLAINTS, CORRELATION, HARD_BOUNCES, Hypotheses, beta, log_ratios

KINDS = st.sampled_from((HARD_BOUNCES, COMPLAINTS))
COUNTS = st.integers(0, 400).flatmap(lambda mail: st.tuples(st.just(mail), st.integers(0, mail)))
MONTH = st.lists(COUNTS, max_size=30)


def days(counts: list[tuple[int, int]]) -> list[Day]:
    return [Day(number, mail, events) for number, (mail, events) in enumerate(counts) if mail]


def log_probability(mail: int, events: int, mean: float) -> float:
    """Of so many events in a beta-binomial day, by the textbook's formula."""
    a, b = beta(mean, CORRELATION)
    ways = lgamma(mail + 1) - lgamma(events + 1) - lgamma(mail - events + 1)
    top = lgamma(events + a) + lgamma(mail - events + b) - lgamma(mail + a + b)
    return ways + top - lgamma(a) - lgamma(b) + lgamma(a + b)


@given(KINDS, COUNTS)
def test_a_ratio_is_that_of_two_beta_binomial_probabilities(kind: Hypotheses, counts: tuple[int, int]) -> None:
    healthy = log_probability(*counts, kind.healthy)
    expected = [log_probability(*counts, mean) - healthy for mean in kind.bad]
    assert log_ratios(kind, *counts) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("kind", [HARD_BOUNCES, COMPLAINTS], ids=lambda kind: kind.name)
@pytest.mark.parametrize("mail", [1, 7, 300])
def test_a_likelihood_ratio_is_one_on_average_under_the_null(kind: Hypotheses, mail: int) -> None:
    """This is what bounds the false alarms, however the counts fall."""
    for place in range(len(kind.bad)):
        mean = sum(
            exp(log_probability(mail, events, kind.healthy) + log_ratios(kind, mail, events)[place])
            for events in range(mail + 1)
        )
        assert mean == pytest.approx(1, abs=1e-6)


@given(KINDS, COUNTS)
def test_another_event_never_speaks_for_the_sender(kind: Hypotheses, counts: tuple[int, int]) -> None:
    mail, events = counts
    if events < mail:
        pairs = zip(log_ratios(kind, mail, events + 1), log_ratios(kind, mail, events), strict=True)
        assert all(more > fewer for more, fewer in pairs)


def reference(counts: list[Day], kind: Hypotheses) -> float:
    """The present value of a CUSUM that keeps all days."""
    runs = [0.0] * len(kind.bad)
    for day in counts:
        runs = [max(run, 0.0) + ratio for run, ratio in zip(runs, log_ratios(kind, day.mail, day.events), strict=True)]
    return max(runs)


@given(KINDS, MONTH)
def test_folded_days_keep_their_weight(kind: Hypotheses, month: list[tuple[int, int]]) -> None:
    evidence = Evidence()
    for day in days(month):
        evidence = observed(evidence, [day], kind)
    assert len(evidence.days) <= OPEN_DAYS
    assert strength(evidence, kind).present.value == pytest.approx(reference(days(month), kind), abs=1e-9)
    assert evidence.total == sum(mail for mail, _ in month)


@given(KINDS, MONTH.filter(lambda month: len(month) <= OPEN_DAYS), st.randoms())
def test_order_and_repetition_of_looks_change_nothing(
    kind: Hypotheses, month: list[tuple[int, int]], rng: Random
) -> None:
    straight = observed(Evidence(), days(month), kind)
    looks = [*days(month), *days(month)]
    rng.shuffle(looks)
    evidence = Evidence()
    for day in looks:
        evidence = observed(evidence, [day], kind)
    assert evidence == straight


def test_counts_that_a_source_has_lost_are_kept() -> None:
    evidence = observed(Evidence(), [Day(1, 200, 9)], HARD_BOUNCES)
    assert observed(evidence, [Day(1, 50, 0)], HARD_BOUNCES) == evidence


def test_late_events_count_on_the_day_of_sending() -> None:
    sent = [Day(1, 300, 3), Day(2, 300, 3), Day(3, 300, 0)]
    late = observed(observed(Evidence(), sent, HARD_BOUNCES), [Day(1, 300, 60)], HARD_BOUNCES)
    assert late == observed(Evidence(), [Day(1, 300, 60), *sent[1:]], HARD_BOUNCES)
    assert strength(late, HARD_BOUNCES).peak.value > bounds.QUARANTINE


def test_events_of_days_long_past_change_nothing() -> None:
    evidence = observed(Evidence(), [Day(day, 100, 1) for day in range(10)], HARD_BOUNCES)
    assert observed(evidence, [Day(0, 100, 100)], HARD_BOUNCES) == evidence


@given(KINDS, MONTH)
def test_the_state_survives_json(kind: Hypotheses, month: list[tuple[int, int]]) -> None:
    evidence = observed(Evidence(3), days(month), kind)
    assert Evidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence


def test_a_day_alone_decides_by_how_far_it_is_from_what_days_are_like() -> None:
    """A tenth of a day's mail bounces on one healthy day in 300,000, and a bound of 14 asks for more."""
    for rate, stops in ((0.04, False), (0.10, False), (0.15, True), (0.30, True)):
        evidence = observed(Evidence(), [Day(1, 1_000, int(1_000 * rate))], HARD_BOUNCES)
        assert (strength(evidence, HARD_BOUNCES).peak.value >= bounds.QUARANTINE) is stops, rate


def test_a_peak_needs_its_floor_of_events() -> None:
    evidence = observed(Evidence(), [Day(1, 9, 9)], HARD_BOUNCES)
    assert strength(evidence, HARD_BOUNCES).peak.value > bounds.QUARANTINE
    assert strength(evidence, HARD_BOUNCES, floor=10).peak.value == 0
    assert strength(observed(evidence, [Day(1, 10, 10)], HARD_BOUNCES), HARD_BOUNCES, floor=10).peak.events == 10


def test_bounds_follow_from_the_false_alarms_of_a_month() -> None:
    assert pytest.approx(log(30 * 6 * 3 * 3 / 0.00025)) == bounds.QUARANTINE
    assert bounds.false_alarms(bounds.QUARANTINE) == pytest.approx(0.00025)
    assert bounds.CALM < bounds.THROTTLE < bounds.QUARANTINE
