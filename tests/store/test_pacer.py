"""A replica's tokens: none without counters, a store, or a clock that the store confirms."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from services.store import lanes
from services.store.database import StoreUnavailable, transaction
from services.store.pacer import ClocksDisagree, Pacer, Token
from services.store.tokens import used
from tests.store.world import LANE, World, store_in_memory
from warmlane.pacing.caps import Caps
from warmlane.pacing.moments import UTC_DAY

EVENING = 20_001 * UTC_DAY - 1.0
CAPS = Caps(24 * 300, 24 * 300)
"""Blocks of three tokens."""


@dataclass
class Day:
    """A world in the last second of a day, and one replica in it."""

    world: World
    replica: Pacer

    def counted(self) -> int:
        with transaction(self.world.engine) as connection:
            found = used(connection, LANE, "gmail", self.world.moment())
        return found.lane_before + found.lane_now


@pytest.fixture
def day() -> Day:
    world = World(store_in_memory(), EVENING)
    return Day(world, world.replica())


def test_a_block_is_used_up_before_the_next_is_leased(day: Day) -> None:
    assert [day.replica.take("gmail", CAPS) for _ in range(4)] == [Token("gmail", 20_000, 24)] * 4
    assert day.counted() == 6


def test_a_token_without_a_connection_is_used_again(day: Day) -> None:
    for _ in range(9):
        token = day.replica.take("gmail", CAPS)
        assert token is not None
        day.replica.put_back(token)
    assert day.counted() == 3


def test_of_many_that_come_back_no_more_than_a_block_stays_in_hand(day: Day) -> None:
    tokens = [day.replica.take("gmail", CAPS) for _ in range(9)]
    for token in filter(None, tokens):
        day.replica.put_back(token)
    assert day.counted() == 3, "what a crash would lose"


def test_a_clean_end_gives_the_rest_back_and_a_crash_does_not(day: Day) -> None:
    day.replica.take("gmail", CAPS)
    day.replica.take("yahoo", CAPS)
    day.replica.close()
    assert day.counted() == 2
    day.world.replica().take("gmail", CAPS)
    assert day.counted() == 5


def test_the_rest_of_an_hour_carries_over_to_the_next(day: Day) -> None:
    day.world.now -= 3600
    token = day.replica.take("gmail", CAPS)
    assert token is not None and token.hour == 23
    day.world.now += 3600
    assert day.replica.take("gmail", CAPS) == Token("gmail", 20_000, 24)
    assert day.counted() == 1 + 3
    day.replica.put_back(token)
    assert day.counted() == 3


def test_when_the_limit_falls_to_nothing_a_block_in_hand_is_not_used(day: Day) -> None:
    assert day.replica.take("gmail", CAPS)
    assert day.replica.take("gmail", Caps(0, 0)) is None
    assert day.replica.take("gmail", Caps(100, 0)) is None
    assert day.replica.take("gmail", CAPS)


def test_a_long_queue_asks_the_store_once_a_second(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    day.world.now -= 1800
    caps = Caps(48, 48)
    while day.replica.take("gmail", caps):
        pass
    asked: list[int] = []
    monkeypatch.setattr(day.world, "stores_clock", lambda: asked.append(1) or day.world.now)
    for _ in range(100):
        assert day.replica.take("gmail", caps) is None
    assert not asked
    day.world.now += 1799
    assert day.replica.take("gmail", caps)
    assert asked


@pytest.mark.parametrize("off", [-3600, 3600])
def test_a_replica_whose_clock_the_store_does_not_confirm_sends_nothing(day: Day, off: float) -> None:
    day.world.wall_off = off
    with pytest.raises(ClocksDisagree, match="set them right"):
        day.world.replica().take("gmail", CAPS)
    assert day.replica.take("gmail", CAPS), "the clock is read at a replica's start only"
    assert day.counted() == 3


@pytest.mark.parametrize("off", [-3600, 3600])
def test_a_replica_that_began_under_a_wrong_clock_opens_when_it_is_set_right(day: Day, off: float) -> None:
    day.world.wall_off = off
    replica = day.world.replica()
    for _ in range(2):
        with pytest.raises(ClocksDisagree):
            replica.take("gmail", CAPS)
    day.world.wall_off = 0.0
    with pytest.raises(ClocksDisagree):
        replica.take("gmail", CAPS)
    token = replica.take("gmail", CAPS)
    assert token is not None and (token.day, token.hour) == (replica.moment().day, day.replica.moment().hour)


def test_a_clock_that_the_store_has_confirmed_is_never_set_after_it(day: Day) -> None:
    """Store and machine that go wrong together open no hour of tomorrow."""
    assert day.replica.take("gmail", CAPS)
    day.world.wall_off = day.world.store_off = 86_400
    for _ in range(3):
        with pytest.raises(ClocksDisagree):
            day.replica.take("yahoo", CAPS)


def test_a_store_that_is_away_gives_no_token(day: Day) -> None:
    day.world.store_away = True
    with pytest.raises(StoreUnavailable):
        day.replica.take("gmail", CAPS)
    day.world.store_away = False
    assert day.replica.take("gmail", CAPS)


def test_a_lane_without_counters_gives_no_token(day: Day) -> None:
    with pytest.raises(lanes.LaneUnknown):
        Pacer(day.world.engine, "birch").take("gmail", CAPS)


def test_on_a_real_clock_a_token_is_of_now(day: Day) -> None:
    pacer = Pacer(day.world.engine, LANE)
    token = pacer.take("gmail", Caps(10**7, 10**7))
    assert token is not None and (token.day, token.hour) == (pacer.moment().day, pacer.moment().hour)
