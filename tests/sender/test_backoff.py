"""When a message is tried again, as its queue file's time tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sender.gate.backoff import FIRST, LONGEST, MOST, SLACK, STEP, UNREACHED, Tried, tried

NOW = 1_795_546_000.0
TIMES = st.integers(1, MOST)


@given(TIMES, st.floats(0, 5 * 86_400), st.floats(0, 200 * 86_400))
def test_a_stamp_tells_what_was_stamped(times: int, ago: float, since: float) -> None:
    before = Tried(times, NOW - ago, NOW - ago - since)
    read = tried(before.stamp(NOW), NOW)
    assert read.times == before.times
    assert abs(read.last - before.last) < 1
    assert abs(read.first - before.first) < 31


@given(st.floats(0, 200 * 86_400), st.floats(0, 5 * 86_400))
def test_a_try_that_reached_nobody_is_due_at_once_and_ages(since: float, later: float) -> None:
    before = Tried().unreached(NOW - since)
    read = tried(before.stamp(NOW), NOW + later)
    assert (read.times, read.due) == (0, 0)
    assert abs(read.first - before.first) < 31


def test_the_first_try_stays_the_first() -> None:
    assert Tried().unreached(NOW).again(NOW + 15).again(NOW + 75).unreached(NOW + 195) == Tried(2, NOW + 75, NOW)


@pytest.mark.parametrize("state", [Tried(3, NOW, NOW - 30 * 86_400), Tried(first=NOW - 432_000)])
def test_a_file_keeps_what_its_stamp_says(tmp_path: Path, state: Tried) -> None:
    file = tmp_path / "message1"
    file.touch()
    os.utime(file, (NOW, state.stamp(NOW)))
    assert tried(file.stat().st_mtime, NOW) == state


@given(st.floats(0, 10 * 365 * 86_400), st.floats(0, SLACK))
def test_mail_that_was_never_tried_is_due(ago: float, ahead: float) -> None:
    assert tried(NOW - ago, NOW) == tried(NOW + ahead, NOW) == Tried()
    assert Tried().due == 0
    assert Tried().stamp(NOW) == NOW, "Postfix passes over files with times in the future"


def test_qmgrs_own_stamp_is_the_first_try() -> None:
    # qmgr sets the time of the failure plus minimal_backoff_time; a restart reads it seconds or days later.
    for later in (0.0, 0.5, 3 * 86_400.0):
        assert tried(NOW + STEP, NOW + later) == Tried(1, NOW, NOW)


def test_pauses_double_from_a_minute_to_an_hour() -> None:
    state, pauses = Tried(), []
    for _ in range(9):
        state = state.again(NOW)
        pauses.append(state.due - NOW)
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert (pauses[0], pauses[-1]) == (FIRST, LONGEST)


def test_no_stamp_passes_what_a_queue_file_can_hold() -> None:
    year_2038, at = 2**31, NOW + 5 * 365 * 86_400
    assert Tried(MOST, at, at).stamp(at) < Tried().unreached(at).stamp(at) < year_2038
    assert Tried().unreached(at).stamp(at) == at + UNREACHED * STEP
