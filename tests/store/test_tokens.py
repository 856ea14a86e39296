"""Blocks of tokens: counted once, under the lane's lock, on a day that never opens again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from services.store import lanes
from services.store.database import StoreUnavailable, database, transaction
from services.store.tokens import drop_sessions, give_back, lease_block, share_sessions, used
from warmlane.pacing.blocks import Block
from warmlane.pacing.caps import Caps, Used
from warmlane.pacing.clock import TOLERANCE
from warmlane.pacing.history import Base, Delivered, History
from warmlane.pacing.moments import Moment
from warmlane.pacing.sessions import SHARE_SECONDS

NIGHT = Moment(day=20_000, hour=24, second=3599, hour_length=3600)
MANY = Caps(240_000, 240_000)
NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def lane(store: Engine) -> None:
    with transaction(store) as connection:
        lanes.register(connection, "amber", Base())


def leased(store: Engine, at: Moment = NIGHT, caps: Caps = MANY, provider: str = "gmail") -> Block:
    with transaction(store) as connection:
        return lease_block(connection, "amber", provider, caps, at)


def all_used(store: Engine, at: Moment = NIGHT, provider: str = "gmail") -> Used:
    with transaction(store) as connection:
        return used(connection, "amber", provider, at)


def test_a_block_is_counted_before_it_is_used(store: Engine) -> None:
    assert leased(store) == Block("amber", "gmail", NIGHT.day, 24, 100)
    assert all_used(store) == Used(0, 100, 0, 100)
    assert all_used(store, provider="yahoo") == Used(0, 100, 0, 0)


def test_caps_hold_over_hours_and_providers(store: Engine) -> None:
    caps = Caps(24, 24)
    first = replace(NIGHT, hour=1)
    assert leased(store, first, caps).left == 1
    assert leased(store, first, caps, "yahoo").left == 0
    assert leased(store, replace(NIGHT, hour=2), caps, "yahoo").left == 1
    assert leased(store, replace(NIGHT, hour=2), caps).left == 0


def test_what_is_given_back_can_be_leased_again_in_a_later_hour(store: Engine) -> None:
    caps, first = Caps(4800, 4800), replace(NIGHT, hour=1)
    blocks = [leased(store, first, caps) for _ in range(100)]
    assert {block.left for block in blocks} == {2}
    assert leased(store, first, caps).left == 0
    with transaction(store) as connection:
        give_back(connection, blocks[0].take())
    assert all_used(store, first) == Used(0, 199, 0, 199)
    assert sum(leased(store, replace(first, hour=2), caps).left for _ in range(102)) == 201


def test_more_than_was_given_can_not_be_given_back(store: Engine) -> None:
    block = leased(store)
    with pytest.raises(IntegrityError), transaction(store) as connection:
        give_back(connection, replace(block, left=block.left + 1))


def test_a_day_that_is_over_does_not_open_again(store: Engine) -> None:
    assert leased(store, replace(NIGHT, day=NIGHT.day + 1)).left
    assert leased(store).left == 0
    assert leased(store, replace(NIGHT, day=NIGHT.day + 1)).left


def test_asking_without_being_given_anything_closes_no_day(store: Engine) -> None:
    assert leased(store, replace(NIGHT, day=NIGHT.day + 9), Caps(0, 0)).left == 0
    assert leased(store).left


def test_hours_that_a_wrong_clock_opened_count_in_earlier_ones(store: Engine) -> None:
    caps = Caps(24, 24)
    for _ in range(24):
        assert leased(store, NIGHT, caps).left == 1
    for provider in ("gmail", "yahoo"):
        assert leased(store, replace(NIGHT, hour=23), caps, provider).left == 0


def test_a_lane_without_counters_stays_closed(store: Engine) -> None:
    told = "lane birch: the store has no counters"
    with pytest.raises(lanes.LaneUnknown, match=told), transaction(store) as connection:
        lease_block(connection, "birch", "gmail", MANY, NIGHT)
    with pytest.raises(lanes.LaneUnknown), transaction(store) as connection:
        lanes.lane_history(connection, "birch", NIGHT.day)
    with pytest.raises(lanes.LaneUnknown), transaction(store) as connection:
        lanes.lease(connection, "birch", "receipts")


def test_a_lane_is_registered_once_and_leased_to_one_campaign(store: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(store) as connection:
        lanes.register(connection, "amber", Base())
    with transaction(store) as connection:
        lanes.register(connection, "birch", Base())
        lanes.lease(connection, "amber", "receipts")
    with pytest.raises(IntegrityError), transaction(store) as connection:
        lanes.lease(connection, "birch", "receipts")


def test_delivered_mail_is_booked_to_its_day_and_makes_history(store: Engine) -> None:
    with transaction(store) as connection:
        lanes.register(connection, "birch", Base(20, Delivered(19_990, 9000)))
        for day, messages in ((20_000, 7), (20_001, 5), (20_000, 3)):
            lanes.record_delivered(connection, "birch", day, messages)
        assert lanes.lane_history(connection, "birch", 20_000) == History(20, 9000)
        assert lanes.lane_history(connection, "birch", 20_002) == History(22, 9000)
        assert lanes.lane_history(connection, "amber", 20_002) == History(0, 0)


def test_replicas_share_sessions_until_their_share_expires(store: Engine) -> None:
    def sessions(replica: str, open_now: int, now: float) -> int:
        with transaction(store) as connection:
            return share_sessions(connection, "amber", "gmail", replica, cap=5, open_now=open_now, wanted=5, now=now)

    assert sessions("pod-0", 0, NOW) == 5
    assert sessions("pod-1", 0, NOW + 1) == 0
    assert sessions("pod-0", 2, NOW + 2) == 3
    assert sessions("pod-1", 0, NOW + 3) == 2
    late = NOW + 2 + SHARE_SECONDS + 2 * TOLERANCE
    assert sessions("pod-1", 2, late) == 2, "pod-0 may still have its sessions open by its own clock"
    assert sessions("pod-1", 2, late + 2) == 5
    with transaction(store) as connection:
        drop_sessions(connection, "amber", "gmail", "pod-1")
    assert sessions("pod-2", 0, late + 3) == 5


def test_a_store_that_is_away_is_told_apart_from_one_that_says_no() -> None:
    away = database("postgresql+psycopg://postgres@/postgres?host=/nonexistent")
    with pytest.raises(StoreUnavailable, match="does not answer"), transaction(away):
        pass
    with pytest.raises(ValueError, match="names mysql; allowed are postgresql"):
        database("mysql://store.example/warmlane")
