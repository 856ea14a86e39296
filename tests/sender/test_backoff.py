"""When a message is tried again, as its queue file's time tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.sender.gate.backoff import FIRST, LONGEST, MOST, SLACK, STEP, Tried, tried

NOW = 1_795_546_000.0
TIMES = st.integers(1, MOST)


@given(TIMES, st.floats(0, 5 * 86_400))
def test_a_stamp_tells_what_was_stamped(times: int, ago: float) -> None:
    before = Tried(times, NOW - ago)
    read = tried(before.stamp(NOW), NOW)
    assert read.times == before.times
    assert abs(read.last - before.last) < 1


@given(st.floats(0, 10 * 365 * 86_400), st.floats(0, SLACK))
def test_mail_that_was_never_tried_is_due(ago: float, ahead: float) -> None:
    assert tried(NOW - ago, NOW) == tried(NOW + ahead, NOW) == Tried()
    assert Tried().due == 0
    assert Tried().stamp(NOW) == NOW, "Postfix passes over files with times in the future"


def test_qmgrs_own_stamp_is_the_first_try() -> None:
    # qmgr sets the time of the failure plus minimal_backoff_time; a restart reads it seconds or days later.
    for later in (0.0, 0.5, 3 * 86_400.0):
        assert tried(NOW + STEP, NOW + later) == Tried(1, NOW)


def test_pauses_double_from_a_minute_to_an_hour() -> None:
    state, pauses = Tried(), []
    for _ in range(9):
        state = state.again(NOW)
        pauses.append(state.due - NOW)
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert (pauses[0], pauses[-1]) == (FIRST, LONGEST)


def test_no_stamp_passes_what_a_queue_file_can_hold() -> None:
    year_2038 = 2**31
    assert Tried(MOST, NOW + 5 * 365 * 86_400).stamp(NOW) < year_2038
