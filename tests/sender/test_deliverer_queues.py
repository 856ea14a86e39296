"""What the deliverer makes of files that others left or put into Postfix' queues."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace

from services.sender.gate.backoff import STEP
from services.sender.gate.log_lines import Outcome, Started
from tests.sender.release_world import DAY, WARM_UP, World, delivery, queue_file


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


def test_files_that_are_no_message_to_one_recipient_stay(world: World) -> None:
    world.add("message1", "a@alder.test", "b@alder.test")
    (world.root / "hold/garbage1").write_bytes(b"garbage")
    (world.root / "hold/garbage1").chmod(0o700)
    world.step()
    assert world.queue("hold") == ["garbage1", "message1"]
    assert world.waiting.unreadable == {"garbage1", "message1"}


def test_accepted_mail_is_counted_when_its_file_is_there(world: World) -> None:
    world.step(Started("message1"))
    assert world.counts.submissions["accepted"] == 0
    world.add("message1", "a@alder.test")
    world.step(after=1)
    world.step(after=1)
    assert world.counts.submissions["accepted"] == 1


def test_the_age_of_the_oldest_message_is_told_before_and_after_a_first_try(world: World) -> None:
    assert world.waiting.oldest(world.now) == {"untried": 0.0, "tried": 0.0}
    world.add("message1", "a@gmail.test", arrived=world.now - 50)
    world.step()
    world.ends("message1", "deferred", STEP)
    world.ledger.tokens = 0
    world.step(delivery("message1", Outcome.DEFERRED), after=1)
    world.add("message2", "a@gmail.test", arrived=world.now - 3)
    world.add("message3", "a@gmail.test", arrived=world.now - 9)
    world.step(after=1)
    assert world.waiting.oldest(world.now) == {"untried": 10.0, "tried": 52.0}


def test_a_domain_is_routed_by_its_ascii_form_however_it_is_written(world: World) -> None:
    world.providers["xn--bcher-kva.test"] = "gmail"
    for number, domain in enumerate(("bücher.test", "BÜCHER.test", "xn--bcher-kva.test")):
        world.add(f"message{number}", f"jürgen@{domain}")
    world.step()
    assert world.ledger.taken == ["gmail"] * 3 and len(world.queue("incoming")) == 3


def test_another_plan_counts_at_once(world: World) -> None:
    world.step()
    world.deliverer.deployed(replace(WARM_UP, limits=(7,)))
    world.step(after=1)
    assert world.deliverer.limit == 7


def test_ten_thousand_held_messages_are_looked_through_quickly(world: World) -> None:
    for number in range(10_000):
        world.add(f"message{number:06}", f"a@domain{number % 100}.test")
    world.ledger.tokens = 0
    while len(list(world.waiting)) < 10_000:
        world.step()
    began = time.process_time()
    for number in range(10):
        world.add(f"another{number}", "a@alder.test")
        world.step(after=0.05)
    assert (time.process_time() - began) / 10 < 0.1, "processor seconds of a look at a full queue"


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
