"""Whether mail may leave: what closes the gate, what opens it, and how it stops."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from fractions import Fraction

import pytest

from services.sender.gate.log_lines import Outcome, Started
from services.store.database import StoreUnavailable
from services.store.lanes import LaneUnknown
from services.store.pacer import ClocksDisagree
from tests.sender.release_world import DAY, FREE, HELD, WARM_UP, World, delivery
from warmlane.pacing.limits import Restraint


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StoreUnavailable("the store does not answer"), "store"),
        (ClocksDisagree("clocks"), "clocks"),
        (LaneUnknown("amber"), "counters"),
    ],
)
def test_nothing_leaves_without_the_store_and_it_is_said_once(world: World, error: Exception, kind: str) -> None:
    world.ledger.error = error
    world.add("message1", "a@alder.test")
    for _ in range(4):
        world.step(after=6)
    assert world.queue("hold") == ["message1"]
    assert world.deliverer.closed is not None and world.deliverer.closed.kind == kind
    assert world.said == [f"nothing is released: {error}"]
    assert world.deliverer.limit == 0
    world.ledger.error = None
    world.step(after=6)
    assert world.queue("incoming") == ["message1"] and world.deliverer.closed is None


def test_a_store_that_is_away_is_not_asked_at_every_look(world: World) -> None:
    world.step()
    world.ledger.error = StoreUnavailable("away")
    world.add("message1", "a@alder.test")
    world.step(after=1)
    world.ledger.error = None
    world.step(after=1)
    assert world.queue("hold") == ["message1"]
    world.step(after=5)
    assert world.queue("incoming") == ["message1"]


def test_a_suppression_list_that_does_not_answer_stops_everything(world: World) -> None:
    world.list_answers = False
    world.add("message1", "a@alder.test")
    world.step()
    assert world.queue("hold") == ["message1"]
    assert world.ledger.tokens == 1_000 and world.counts.tokens["other"] == 0, "the token went back"
    assert world.said == ["nothing is released: the list does not answer"]


def test_without_the_lane_proven_nothing_leaves_and_what_is_not_picked_up_comes_back(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.step()
    assert world.queue("incoming") == ["message1"]
    world.unproven = "mail would leave from 198.51.100.2"
    world.add("message2", "b@alder.test")
    world.step()
    assert world.queue("hold") == ["message1", "message2"] and world.queue("incoming") == []
    assert world.deliverer.closed and world.deliverer.closed.kind == "identity"
    assert world.said[-1] == "nothing is released: mail would leave from 198.51.100.2"
    world.unproven = ""
    world.step()
    assert world.queue("incoming") == ["message1", "message2"], "a new proof opens it at once"


def test_a_throttle_of_nothing_gives_nothing(world: World) -> None:
    world.restraint = Restraint(allowance=None, throttle=Fraction(1, 4))
    world.step()
    assert world.deliverer.limit == 12
    world.restraint = Restraint(allowance=None, throttle=Fraction(0))
    world.add("message1", "a@alder.test")
    world.step(after=1)
    assert world.queue("hold") == ["message1"]


@pytest.mark.parametrize("why", ["hold", "identity"])
def test_what_may_wait_is_known_also_while_nothing_may_leave(world: World, why: str) -> None:
    world.restraint, world.unproven = (HELD, "") if why == "hold" else (FREE, "no reflector")
    world.ledger.error = StoreUnavailable("away")
    world.step()
    assert world.deliverer.today is None
    world.ledger.error = None
    world.step(after=6)
    assert world.deliverer.today is not None and world.deliverer.today.day == DAY


def test_accepted_mail_is_counted_when_its_file_is_there(world: World) -> None:
    world.step(Started("message1"))
    assert world.counts.submissions["accepted"] == 0
    world.add("message1", "a@alder.test")
    world.step(after=1)
    world.step(after=1)
    assert world.counts.submissions["accepted"] == 1


def test_another_plan_counts_at_once(world: World) -> None:
    world.step()
    world.deliverer.deployed(replace(WARM_UP, limits=(7,)))
    world.step(after=1)
    assert world.deliverer.limit == 7


def test_a_gate_that_stops_follows_what_is_under_way_and_leaves_its_sessions_to_others(world: World) -> None:
    world.add("message1", "a@gmail.test")
    world.step()
    world.deliverer.drain()
    world.add("message2", "b@alder.test")
    world.step(after=1)
    assert world.queue("hold") == ["message2"]
    world.ends("message1", None)
    world.step(delivery("message1", Outcome.DELIVERED), after=0.05)
    asyncio.run(world.deliverer.stop())
    assert world.ledger.booked == [(DAY, 1)]
    assert world.ledger.dropped == ["gmail", "microsoft", "yahoo", "other"]
