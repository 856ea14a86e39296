"""What follows when a message's try has ended, and what comes back from Postfix' queues to `hold`."""

from __future__ import annotations

import os

from services.sender.gate.backoff import STEP
from services.sender.gate.log_lines import Contacted, Delivery, Outcome
from services.store.database import StoreUnavailable
from tests.sender.release_world import DAY, FREE, HELD, World, delivery, queue_file


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


def test_many_tokens_are_not_given_back_for_long_before_the_log_is_looked_at_again(world: World) -> None:
    messages = [f"message{number}" for number in range(9)]
    for number, message in enumerate(messages):
        world.add(message, f"a@domain-{number}.test")
    world.step()
    assert world.queue("incoming") == messages
    for message in messages:
        world.ends(message, "deferred", STEP)
    world.ledger.slow = 15.0
    world.step(*(delivery(message, Outcome.DEFERRED, None) for message in messages), after=1)
    assert world.ledger.asked_back == 2, "the other tokens are lost"


def test_a_hold_takes_back_what_is_not_picked_up(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.add("message2", "b@alder.test")
    world.step()
    (world.root / "incoming/message1").rename(world.root / "active/message1")
    world.restraint = HELD
    world.add("message3", "c@alder.test")
    world.step(after=1)
    assert world.queue("hold") == ["message2", "message3"] and world.queue("incoming") == []
    assert world.queue("active") == ["message1"], "it is on its way"
    assert len(world.ledger.put_backs) == 1 and world.counts.tokens["other"] == 1
    assert world.said[-1] == "nothing is released: a hold stands"
    world.restraint = FREE
    world.step(after=1)
    assert world.queue("incoming") == ["message2", "message3"]


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


def test_what_an_earlier_gate_released_waits_again_or_is_counted_as_open(world: World) -> None:
    world.add("message1", "a@alder.test", queue="incoming")
    world.add("message2", "a@alder.test", queue="active")
    world.ledger.sessions, world.ledger.tokens = 1, 5
    world.begin()
    world.step()
    assert world.queue("incoming") == [] and world.queue("hold") == ["message1"], "one session is open already"
    world.ends("message2", None)
    world.step(delivery("message2", Outcome.DELIVERED), after=1)
    assert world.queue("incoming") == ["message1"]
    world.step(after=2)
    assert world.ledger.booked == [(DAY, 1)]


def test_what_qmgr_puts_back_after_a_reload_is_not_tried_twice(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.step()
    # qmgr was restarted while the message was locked: it comes back with a time a minute ahead.
    os.utime(world.root / "incoming/message1", (world.now + 60, world.now + 60))
    world.step(delivery("message1", Outcome.DEFERRED), after=1)
    assert world.queue("incoming") == [] and world.queue("hold") == ["message1"]
    world.step(after=61)
    assert world.counts.tokens["other"] == 2


def test_what_postfix_made_itself_is_left_alone_in_incoming_and_dropped_from_hold(world: World) -> None:
    for queue in ("incoming", "hold"):
        path = world.add("notice01", "news@spring-sale.test", queue=queue)
        path.write_bytes(queue_file("news@spring-sale.test", sender=""))
    world.step()
    assert world.queue("incoming") == ["notice01"] and world.queue("hold") == []
