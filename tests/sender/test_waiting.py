"""The index of waiting mail: what is in it, and for which provider."""

from __future__ import annotations

import time

from services.sender.gate.backoff import STEP
from services.sender.gate.log_lines import Outcome
from tests.sender.release_world import World, delivery


def test_mail_waits_while_its_provider_is_not_known(world: World) -> None:
    world.add("unrouted", "a@unknown.test")
    world.add("message1", "a@alder.test")
    world.step()
    assert world.queue("hold") == ["unrouted"]
    assert world.waiting.counts() == {"unknown": 1}
    world.providers["unknown.test"] = "gmail"
    world.step(after=1)
    assert world.ledger.taken == ["other", "gmail"]


def test_a_domain_is_routed_by_its_ascii_form_however_it_is_written(world: World) -> None:
    world.providers["xn--bcher-kva.test"] = "gmail"
    for number, domain in enumerate(("bücher.test", "BÜCHER.test", "xn--bcher-kva.test")):
        world.add(f"message{number}", f"jürgen@{domain}")
    world.step()
    assert world.ledger.taken == ["gmail"] * 3 and len(world.queue("incoming")) == 3


def test_files_that_are_no_message_to_one_recipient_stay(world: World) -> None:
    world.add("message1", "a@alder.test", "b@alder.test")
    (world.root / "hold/garbage1").write_bytes(b"garbage")
    (world.root / "hold/garbage1").chmod(0o700)
    world.step()
    assert world.queue("hold") == ["garbage1", "message1"]
    assert world.waiting.unreadable == {"garbage1", "message1"}


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
