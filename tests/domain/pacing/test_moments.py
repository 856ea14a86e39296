"""Sending days and hours: a UTC day, or a whole part of one in the lab."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.pacing.clock import SteadyClock, agree
from warmlane.pacing.moments import HOURS, UTC_DAY, Moment, first_day, moment

LENGTHS = st.sampled_from([length for length in range(HOURS, UTC_DAY + 1, HOURS) if UTC_DAY % length == 0])
TIMES = st.floats(0, 4e9)


def epoch(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("when", "hour", "second"),
    [
        ((2026, 11, 24), 1, 0),
        ((2026, 11, 24, 0, 59, 59), 1, 3599),
        ((2026, 11, 24, 1), 2, 0),
        ((2026, 11, 24, 23), 24, 0),
    ],
)
def test_a_day_is_a_date_in_utc_and_its_hours_count_from_midnight(
    when: tuple[int, ...], hour: int, second: int
) -> None:
    assert moment(epoch(*when)) == Moment(first_day(date(2026, 11, 24)), hour, second, 3600)


@given(LENGTHS, st.dates(date(1971, 1, 1), date(2090, 1, 1)))
def test_a_shortened_day_begins_at_every_midnight(length: int, day: date) -> None:
    assert moment(epoch(day.year, day.month, day.day), length) == Moment(first_day(day, length), 1, 0, length // HOURS)


@given(LENGTHS, TIMES)
def test_a_moment_lies_in_its_hour(length: int, now: float) -> None:
    at = moment(now, length)
    assert 1 <= at.hour <= HOURS and 0 <= at.second < at.hour_length
    assert at.day * length + (at.hour - 1) * at.hour_length + at.second == int(now)


@pytest.mark.parametrize("length", [0, -86_400, 23, 25, 3601, 5000, 86_401, 172_800])
def test_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"day_length: {length} s is not allowed"):
        moment(0, length)


@given(TIMES, st.floats(0, 1e8), st.floats(0, 1e7))
def test_a_process_clock_goes_on_with_the_time_since_its_start(wall: float, boot: float, passed: float) -> None:
    assert SteadyClock(wall, boot).now(boot + passed) == pytest.approx(wall + passed, abs=1e-6)


@pytest.mark.parametrize(("difference", "agreed"), [(0, True), (60, True), (-60, True), (61, False), (-3600, False)])
def test_clocks_that_are_more_than_a_minute_apart_disagree(difference: float, agreed: bool) -> None:
    assert agree(1e9, 1e9 + difference) is agreed
