"""How much mail may wait for the days that come."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sender.gate.backlog import KEPT_FREE, MEASURED_EVERY, Backlog, Crowded, Full, Unready, capacity
from services.sender.gate.today import Today
from services.sender.postfix.render import MESSAGE_SIZE_LIMIT
from tests.sender.admission_world import DAY, NOON, TODAY
from warmlane.campaign import Plan
from warmlane.pacing.history import History
from warmlane.pacing.limits import WarmUp, growth

WHOLE = Fraction(1)


@pytest.mark.parametrize(
    ("days", "now", "messages"),
    [
        (1, DAY * 86_400, 10),
        (3, DAY * 86_400, 10 + 20 + 40),
        (3, NOON, 5 + 20 + 40),
        (3, NOON + 2 * 86_400, 20 + 40 + 40),
        (2, NOON - 86_400, 10),
        (1, NOON - 86_400, 0),
    ],
    ids=["today", "three days", "half of today is over", "the last limit stands", "it begins tomorrow", "not yet"],
)
def test_the_coming_days_carry_what_the_schedule_says(days: int, now: float, messages: int) -> None:
    assert capacity(TODAY, WHOLE, 86_400, days, now) == messages


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=10),
    st.integers(0, 40),
    st.integers(0, 10**6),
    st.fractions(0, 1, max_denominator=100),
    st.integers(1, 30),
    st.integers(-5, 20),
    st.floats(0, 0.999),
    st.sampled_from([240, 3600, 86_400]),
)
def test_never_more_waits_than_the_schedule_or_the_lane_carries(
    limits: list[int],
    sent_days: int,
    highest: int,
    throttle: Fraction,
    days: int,
    ahead: int,
    passed: float,
    day_length: int,
) -> None:
    lane = Today(DAY, WarmUp(Plan.MODERATE, 10**6, 0, DAY, tuple(limits)), History(sent_days, highest))
    now = (DAY + ahead + passed) * day_length
    whole = [limits[min(ahead + i, len(limits) - 1)] if ahead + i >= 0 else 0 for i in range(days)]
    found = capacity(lane, throttle, day_length, days, now)
    assert 0 <= found <= sum(whole) * throttle
    assert found <= capacity(lane, WHOLE, day_length, days, now)
    assert found <= capacity(lane, throttle, day_length, days, (DAY + ahead) * day_length)


def test_a_lane_behind_its_schedule_carries_what_it_can_grow_to() -> None:
    warm_up = WarmUp(Plan.MODERATE, 100_000, 20, DAY, (10_000,))
    behind = capacity(Today(DAY, warm_up, History(20, 100)), WHOLE, 86_400, 3, DAY * 86_400)
    shares, highest = [], 100
    for day in range(3):
        shares.append(int(growth(Plan.MODERATE, 20 + day) * highest))
        highest = shares[-1]
    assert behind == sum(shares) < 10_000
    assert capacity(Today(DAY, warm_up, History(20, 10_000)), WHOLE, 86_400, 3, DAY * 86_400) > behind


def test_a_throttle_holds_for_the_coming_days() -> None:
    assert capacity(TODAY, Fraction(1, 10), 86_400, 3, DAY * 86_400) == 1 + 2 + 4


def test_replicas_share_what_may_wait() -> None:
    now = float(DAY * 86_400)
    one, each = (Backlog(lambda: TODAY, lambda: 9, days=1, replicas=n, clock=lambda: now) for n in (1, 2))
    assert one.full() is None
    assert each.full() == Full(9, 5, now + 86_400)


def test_before_the_lanes_history_is_read_nobody_knows_how_much_may_wait() -> None:
    found = Backlog(lambda: None, lambda: 0, days=3).full()
    assert isinstance(found, Unready) and "Retry in a minute" in found.text


def test_what_is_let_in_counts_until_the_spool_is_counted_again() -> None:
    now, counts = [float(NOON)], iter([24, 10])
    backlog = Backlog(lambda: TODAY, counts.__next__, days=2, clock=lambda: now[0])
    assert backlog.full() is None
    backlog.admitted()
    assert backlog.full() == Full(25, 25, (DAY + 1) * 86_400)
    now[0] += 1
    assert backlog.full() is None, "the second count says that 10 wait"


def test_a_clock_that_is_set_back_does_not_keep_an_old_count() -> None:
    now, counts = [float(NOON)], iter([0, 1000])
    backlog = Backlog(lambda: TODAY, counts.__next__, days=2, clock=lambda: now[0])
    assert backlog.full() is None
    now[0] -= 7200
    assert backlog.full() is not None


def test_no_day_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="max_backlog_days: 0 is not allowed"):
        Backlog(lambda: TODAY, lambda: 0, days=0)


def test_the_spool_never_outgrows_its_volume() -> None:
    now, measured = [float(NOON)], iter([1000, 900, 0])
    space = 1000 + KEPT_FREE
    backlog = Backlog(lambda: TODAY, lambda: 0, days=2, clock=lambda: now[0], octets=measured.__next__, space=space)
    assert backlog.full() is None
    backlog.admitted(1)
    found = backlog.full()
    assert found == Crowded(1001, space), "what is on its way counts before it is on disk"
    assert "50 are kept free" in found.text
    now[0] += MEASURED_EVERY
    assert backlog.full() is None
    backlog.admitted()
    assert backlog.full() == Crowded(900 + MESSAGE_SIZE_LIMIT, space), "an undeclared size is taken for the largest"
