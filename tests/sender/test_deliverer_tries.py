"""What follows from how a message's try ended."""

from __future__ import annotations

import os

from services.sender.gate.backoff import STEP
from services.sender.gate.log_lines import Contacted, Delivery, Outcome, Queued
from services.store.database import StoreUnavailable
from tests.sender.release_world import DAY, HELD, World, delivery


def tried(world: World, outcome: Outcome, relay: str | None, *before: Contacted) -> None:
    """A message is released, tried and found in `deferred` as qmgr leaves it."""
    world.step()
    world.ends("message1", "deferred", STEP)
    world.step(*before, delivery("message1", outcome, relay))


def test_a_temporary_failure_is_tried_again_by_the_gate_alone_with_a_token(world: World) -> None:
    world.add("message1", "a@alder.test")
    tried(world, Outcome.DEFERRED, "mx.alder.test")
    world.step(after=59)
    assert world.queue("deferred") == ["message1"]
    assert os.stat(world.root / "deferred/message1").st_mtime > world.now + STEP / 2, "qmgr keeps off"
    world.step(after=2)
    assert world.queue("incoming") == ["message1"] and world.counts.tokens["other"] == 2
    world.ends("message1", "deferred", STEP)
    world.step(delivery("message1", Outcome.DEFERRED))
    world.step(after=61)
    assert world.queue("deferred") == ["message1"], "the second pause is two minutes"
    world.step(after=60)
    assert world.queue("incoming") == ["message1"]


def test_a_new_gate_keeps_the_pause(world: World) -> None:
    world.add("message1", "a@alder.test")
    for pause in (60, 120):
        tried(world, Outcome.DEFERRED, "mx.alder.test")
        world.now += pause
        world.steady += pause
    world.now -= 60
    world.begin()
    world.step()
    assert world.queue("deferred") == ["message1"], "a minute of two has passed"
    world.step(after=61)
    assert world.queue("incoming") == ["message1"]


def test_without_a_connection_the_token_goes_back_and_the_domain_pauses(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.ledger.tokens = 1
    tried(world, Outcome.DEFERRED, None)
    assert world.ledger.tokens == 1 and world.counts.tokens["other"] == 0
    assert world.queue("hold") == ["message1"], "in `deferred`, qmgr would try it when it is reloaded"
    world.add("message2", "b@alder.test")
    world.ledger.tokens = 5
    world.add("message3", "c@beech.test")
    world.step(after=10)
    assert world.queue("incoming") == ["message3"], "nobody answers at the other domain"
    world.step(after=6)
    assert world.queue("incoming") == ["message1", "message2", "message3"]


def test_many_tokens_are_not_offered_one_by_one_to_a_store_that_is_away(world: World) -> None:
    messages = [f"message{number}" for number in range(9)]
    for number, message in enumerate(messages):
        world.add(message, f"a@domain-{number}.test")
    world.step()
    assert world.queue("incoming") == messages
    for message in messages:
        world.ends(message, "deferred", STEP)
    world.ledger.error = StoreUnavailable("away")
    world.step(*(delivery(message, Outcome.DEFERRED, None) for message in messages), after=1)
    assert world.ledger.asked_back == 1, "each question takes seconds, and the gate counts as stalled after a minute"
    assert world.counts.tokens["other"] == 0 and world.queue("hold") == messages


def test_a_slow_store_is_not_asked_for_long_before_the_log_is_looked_at_again(world: World) -> None:
    messages = [f"message{number}" for number in range(9)]
    for number, message in enumerate(messages):
        world.add(message, f"a@domain-{number}.test")
    world.ledger.slow = 15.0
    world.step()
    assert world.queue("incoming") == messages[:2]
    world.ledger.slow = 0.0
    world.step(after=1)
    assert world.queue("incoming") == messages
    for message in messages:
        world.ends(message, "deferred", STEP)
    world.ledger.slow = 15.0
    world.step(*(delivery(message, Outcome.DEFERRED, None) for message in messages), after=1)
    assert world.ledger.asked_back == 2, "the other tokens are lost"


def test_a_connection_to_one_of_several_servers_keeps_the_token(world: World) -> None:
    world.add("message1", "a@alder.test")
    tried(world, Outcome.DEFERRED, None, Contacted("message1"))
    assert world.ledger.put_backs == [] and world.queue("deferred") == ["message1"]


def test_a_bounce_without_a_connection_gives_the_token_back(world: World) -> None:
    world.add("message1", "a@nowhere.test")
    world.step()
    world.ends("message1", None)
    world.step(Delivery("message1", Outcome.BOUNCED, "nowhere.test", None), after=1)
    assert len(world.ledger.put_backs) == 1 and world.ledger.booked == []


def test_a_try_that_the_log_does_not_tell_about_counts_as_made(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.step()
    world.ends("message1", "hold")
    world.step(after=1)
    assert world.queue("hold") == ["message1"], "how it ended may still be told"
    world.step(after=10)
    world.step(after=1)
    assert world.ledger.put_backs == [] and world.queue("hold") == ["message1"]
    world.step(after=60)
    assert world.queue("incoming") == ["message1"]


def test_delivered_mail_is_booked_on_its_tokens_day_and_notices_are_not(world: World) -> None:
    world.now = (DAY + 1) * 86_400 - 2.0
    world.add("message1", "a@alder.test")
    world.step()
    world.ends("message1", None)
    notice = "notice01"
    world.step(
        delivery("message1", Outcome.DELIVERED), Queued(notice, True), delivery(notice, Outcome.DELIVERED), after=5
    )
    assert world.ledger.moment().day == DAY + 1
    world.step(after=2)
    assert world.ledger.booked == [(DAY, 1)]


def test_a_booking_of_unknown_outcome_is_not_made_again(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.step()
    world.ends("message1", None)
    world.ledger.error = StoreUnavailable("broken off")
    world.step(delivery("message1", Outcome.DELIVERED), after=2)
    world.ledger.error = None
    world.step(after=10)
    world.step(after=2)
    assert world.ledger.booked == []


def test_what_is_taken_back_for_a_hold_keeps_how_often_it_was_tried(world: World) -> None:
    world.add("message1", "a@alder.test")
    tried(world, Outcome.DEFERRED, "mx.alder.test")
    world.step(after=61)
    assert world.queue("incoming") == ["message1"]
    world.restraint = HELD
    world.step()
    assert world.queue("hold") == ["message1"]
    world.begin()
    world.step()
    assert [message.tried.times for message in world.waiting] == [1]
