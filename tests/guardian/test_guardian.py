"""The guardian's acts on a real API server: what it holds, what it leaves to people; that it may be killed anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.guardian import memory
from services.guardian.kubernetes import Api
from services.guardian.memory import Overtaken
from tests.guardian.prometheus_server import Store
from tests.guardian.world import Breaking, Killed, World
from warmlane.feedback.holding import BY
from warmlane.hold import Level

pytestmark = pytest.mark.lab


@pytest.fixture
def world(cluster: Api, prometheus: Store, tmp_path: Path) -> World:
    return World(cluster, prometheus, tmp_path)


def test_healthy_mail_is_left_alone(world: World) -> None:
    world.mail(0, 0)
    world.look()
    world.mail(1_000, 5)
    done = world.look()
    assert done.decisions == [] and done.written == [] and done.problems == []
    assert world.held().record.version is None


def test_a_burst_of_hard_bounces_is_quarantined_record_first(world: World) -> None:
    world.turn_bad()
    done = world.look()
    assert done.written == [(world.campaign, "record"), (world.campaign, "mirror")]
    record = world.held().record.record
    assert record is not None and record.level is Level.QUARANTINED and record.by == BY
    assert "hard-bounces" in record.reason and "gmail" in record.reason
    decided = memory.decisions(world.engine, world.campaign)[0]
    assert decided["after"] == "quarantined" and decided["inputs"]["events"] == 30 and decided["bounds"]
    assert world.level() is Level.QUARANTINED
    assert world.look().written == [], "what stands must not be written again"


def test_complaints_that_come_back_by_mail_quarantine(world: World) -> None:
    world.mail(0, 0)
    world.look()
    world.mail(300, 0, provider="yahoo")
    assert world.look().decisions == []
    world.complaints(30)
    world.look()
    record = world.held().record.record
    assert record is not None and record.stands and "complaints" in record.reason


def test_good_mail_afterwards_does_not_reopen_it(world: World) -> None:
    world.turn_bad()
    world.look()
    for hundreds in range(1, 5):
        world.mail(20 + 100 * hundreds, 30)
        world.look()
    assert world.level() is Level.QUARANTINED


@pytest.mark.parametrize("what", ["record", "mirror", "both"])
def test_what_was_deleted_by_hand_comes_back(world: World, what: str) -> None:
    world.turn_bad()
    world.look()
    before = world.held().record.record
    if what != "mirror":
        world.delete_record()
    if what != "record":
        world.delete_mirror()
    world.look()
    after = world.held().record.record
    assert world.level() is Level.QUARANTINED
    assert before is not None and after is not None and after.sequence >= before.sequence, "a gate ignores older ones"


def test_a_persons_hold_that_lost_its_record_is_restored_from_the_mirror(world: World) -> None:
    world.mail(0, 0)
    world.look()
    record = world.person(Level.QUARANTINED)
    world.look()
    world.delete_record()
    world.look()
    assert world.held().record.record == record


def test_a_person_ends_a_quarantine_and_the_way_back_is_throttled(world: World) -> None:
    world.turn_bad()
    world.look()
    world.person(Level.NONE, "The list is cleaned.")
    world.look()
    record = world.held().record.record
    assert record is not None and record.level is Level.THROTTLED and record.by == BY
    assert record.reason == "The list is cleaned.", "the producers' line names no person"
    world.mail(70, 32)
    world.look()
    assert world.level() is Level.THROTTLED, "mail of before the release must not be looked at again"
    world.mail(80, 62)
    world.look()
    assert world.level() is Level.QUARANTINED, "mail of after the release is looked at as before"


def test_a_persons_hold_is_respected(world: World) -> None:
    world.mail(0, 0)
    world.look()
    for level in (Level.QUARANTINED, Level.RETIRED):
        record = world.person(level)
        for _ in range(2):
            world.mail(10, 0)
            world.look()
        assert world.held().record.record == record


def test_a_persons_throttle_stands_until_the_guardian_allows_less(world: World) -> None:
    world.mail(0, 0)
    world.look()
    record = world.person(Level.THROTTLED, throttle="0.1")
    world.mail(10, 0)
    world.look()
    assert world.held().record.record == record
    world.mail(20, 30)
    world.look()
    assert world.level() is Level.QUARANTINED


def test_retirement_does_not_end(world: World) -> None:
    world.mail(0, 0)
    world.look()
    world.person(Level.RETIRED)
    world.look()
    world.person(Level.NONE)
    world.look()
    assert world.level() is Level.RETIRED


def test_a_guardian_that_lost_its_store_holds_what_was_held(world: World) -> None:
    world.turn_bad()
    world.look()
    world.engine = world.new_store()
    world.guardian = world.started()
    for delivered in (500, 600):
        world.mail(delivered, 30)
        world.look()
    assert world.level() is Level.QUARANTINED


def test_a_silent_prometheus_changes_nothing_and_people_are_heard(world: World) -> None:
    world.turn_bad()
    world.prometheus.broken = (503, b"")
    done = world.look()
    assert done.decisions == [] and any("503" in problem for problem in done.problems)
    world.person(Level.QUARANTINED)
    world.delete_mirror()
    world.look()
    assert world.level() is Level.QUARANTINED
    world.prometheus.broken = None


def test_a_dry_run_decides_and_holds_nothing(world: World) -> None:
    world.guardian = world.started(dry_run=True)
    world.turn_bad()
    done = world.look()
    assert [decision.after for decision in done.decisions] == ["quarantined"]
    assert memory.decisions(world.engine, world.campaign), "what would have been done is kept"
    assert world.held().record.version is None


def test_a_broken_signal_stops_three_and_slows_the_rest(cluster: Api, prometheus: Store, tmp_path: Path) -> None:
    world = World(cluster, prometheus, tmp_path, campaigns=5)
    world.turn_bad()
    done = world.look()
    levels = [world.level(campaign) for campaign in world.campaigns]
    assert sorted(levels) == [Level.QUARANTINED] * 3 + [Level.THROTTLED] * 2
    assert sum(decision.rule == "too-many-stops" and decision.page for decision in done.decisions) == 2


def test_a_campaign_without_a_namespace_has_its_record(world: World) -> None:
    world.campaigns.append("ghost")
    world.lease({"amber": world.campaign, "birch": "ghost"})
    world.turn_bad()
    assert ("ghost", "record") in world.look().written
    held = world.held("ghost")
    assert held.record.record is not None and held.record.record.stands and held.mirror.version is None


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_every_request_it_ends_in_the_same(
    cluster: Api, prometheus: Store, tmp_path: Path, after: bool
) -> None:
    for step in range(20):
        world = World(cluster, prometheus, tmp_path)
        world.turn_bad()
        try:
            world.look(world.started(Breaking(cluster, step, after)))
        except Killed:
            killed = True
        else:
            killed = False
        world.look(world.started())
        held = world.held()
        assert world.level() is Level.QUARANTINED, f"killed at request {step}"
        assert held.record.record is not None and held.record.record.by == BY
        decided = [each["after"] for each in memory.decisions(world.engine, world.campaign)]
        assert decided == ["quarantined"], f"killed at request {step}: decided once"
        if not killed:
            assert step >= 5, "a cycle with an action has five requests at least"
            return
    raise AssertionError("the cycle did not end in 20 requests")


def test_of_two_guardians_at_once_one_acts(world: World) -> None:
    world.turn_bad()
    second = world.started()
    world.look(second)
    record = world.held().record.record
    with pytest.raises(Overtaken):
        # It has followed the mail up to the cycle before, and would decide the same once more.
        world.look()
    assert world.held().record.record == record
    assert world.look().decisions == [], "it goes on from what the other one knows"


def test_without_the_lease_nothing_is_written(world: World) -> None:
    world.turn_bad()
    world.guardian._may_act = lambda: False
    done = world.look()
    assert done.decisions and done.written == [] and done.problems
    assert world.held().record.version is None
