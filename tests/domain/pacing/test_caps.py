"""Caps of day, hour and provider; blocks; shares of sessions."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.pacing.blocks import Block
from warmlane.pacing.caps import Caps, Used, block_size, grant, hour_end, room
from warmlane.pacing.moments import HOURS, Moment
from warmlane.pacing.sessions import share

LIMITS = st.integers(0, 10**7)
HOURLY = st.none() | st.integers(0, 10**5)
HOUR = st.integers(1, HOURS)
TOKENS = st.integers(0, 10**6)
CAPS = st.builds(Caps, LIMITS, LIMITS, HOURLY)
USED = st.builds(Used, TOKENS, TOKENS, TOKENS, TOKENS)
MOMENTS = st.builds(Moment, st.just(1), HOUR, st.integers(0, 3599), st.just(3600))
NOTHING = Used(0, 0, 0, 0)


def at(hour: int, second: int = 3599) -> Moment:
    return Moment(1, hour, second, 3600)


@given(LIMITS, HOUR)
def test_an_hours_end_is_its_part_of_the_day_rounded_up(limit: int, hour: int) -> None:
    assert hour_end(limit, hour) == ceil(limit * hour / HOURS)
    assert hour_end(limit, HOURS) == limit


@given(CAPS, USED, MOMENTS)
def test_what_is_granted_keeps_every_cap(caps: Caps, used: Used, now: Moment) -> None:
    more = grant(caps, used, now)
    assert 0 <= more <= room(caps, used, now)
    if more:
        assert used.lane_before + used.lane_now + more <= hour_end(caps.lane, now.hour)
        assert used.provider_before + used.provider_now + more <= hour_end(caps.provider, now.hour)
        assert caps.provider_hour is None or used.provider_now + more <= caps.provider_hour


@given(CAPS)
def test_a_block_is_at_most_a_hundredth_of_the_hours_cap_and_at_least_one(caps: Caps) -> None:
    hour = min(ceil(caps.lane / HOURS), ceil(caps.provider / HOURS))
    hour = hour if caps.provider_hour is None else min(hour, caps.provider_hour)
    assert 1 <= block_size(caps) <= max(hour / 100, 1)


def test_what_is_unused_carries_over_within_the_day() -> None:
    assert room(Caps(240, 240), NOTHING, at(10)) == 100
    assert room(Caps(240, 240), Used(40, 0, 40, 0), at(10)) == 60


@given(CAPS, HOUR, st.integers(0, 3598))
def test_an_hours_share_is_released_evenly_over_the_hour(caps: Caps, hour: int, second: int) -> None:
    whole = room(caps, NOTHING, at(hour))
    assert room(caps, NOTHING, at(hour, second)) == ceil(whole * (second + 1) / 3600)


def test_a_backlog_that_waits_is_not_burnt_in_the_first_minute() -> None:
    assert room(Caps(2400, 2400), NOTHING, at(24, 59)) == 40
    assert room(Caps(2400, 2400, provider_hour=60), NOTHING, at(24, 59)) == 1


def test_one_provider_that_is_full_leaves_room_for_the_others() -> None:
    assert room(Caps(240, 24), Used(0, 5, 0, 1), at(1)) == 0
    assert room(Caps(240, 240), Used(0, 5, 0, 0), at(1)) == 5


def test_a_limit_that_was_lowered_below_what_is_used_gives_nothing() -> None:
    assert room(Caps(10, 10), Used(50, 3, 50, 3), at(24)) == 0


def test_a_block_is_valid_in_its_own_hour_and_empty_after_its_last_token() -> None:
    block = Block("amber", "gmail", day=1, hour=5, left=1)
    assert block.valid(at(5)) and not block.valid(at(6)) and not block.valid(Moment(2, 5, 0, 3600))
    empty = block.take()
    assert not empty.valid(at(5))
    with pytest.raises(ValueError, match="no token left"):
        empty.take()
    assert empty.put_back() == block


@given(
    st.integers(0, 50),
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=40),
)
def test_replicas_never_share_out_more_sessions_than_the_cap(cap: int, asked: list[tuple[int, int, int]]) -> None:
    held: dict[int, int] = {}
    for replica, closed, wanted in asked:
        open_now = max(held.get(replica, 0) - closed, 0)
        others = sum(sessions for name, sessions in held.items() if name != replica)
        replicas = len({*held, replica})
        held[replica] = share(cap, others, replicas, open_now, wanted)
        assert held[replica] >= open_now, "a session that is open is never taken away"
        assert sum(held.values()) <= cap


def test_a_replica_that_came_first_shrinks_to_an_even_part() -> None:
    assert share(cap=5, others=0, replicas=1, open_now=0, wanted=5) == 5
    assert share(cap=5, others=5, replicas=2, open_now=0, wanted=5) == 0
    assert share(cap=5, others=0, replicas=2, open_now=4, wanted=5) == 4
    assert share(cap=5, others=0, replicas=2, open_now=2, wanted=5) == 3
    assert share(cap=5, others=3, replicas=2, open_now=0, wanted=5) == 2
