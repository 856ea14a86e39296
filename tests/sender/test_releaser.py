"""How waiting mail is released: in turn, within tokens and sessions, and after a last look."""

from __future__ import annotations

import os

from services.sender.gate.log_lines import Outcome
from tests.sender.release_world import HELD, NOW, World, delivery


def test_one_message_for_one_token(world: World) -> None:
    for number in range(5):
        world.add(f"message{number}", f"a{number}@alder.test", arrived=NOW - 10 + number)
    world.ledger.tokens = 2
    world.step()
    assert world.queue("incoming") == ["message0", "message1"], "the oldest ones"
    assert world.queue("hold") == ["message2", "message3", "message4"]
    assert world.counts.tokens["other"] == 2
    assert world.said == ["mail is released; today's limit is 50 messages"]


def test_a_released_file_is_stamped_now_and_complete_ones_only_are_taken(world: World) -> None:
    world.add("stamped1", "a@alder.test", arrived=NOW - 500)
    world.add("written1", "a@alder.test", mode=0o600)
    world.step()
    assert world.queue("incoming") == ["stamped1"]
    assert os.stat(world.root / "incoming/stamped1").st_mtime == NOW
    (world.root / "hold/written1").chmod(0o700)
    world.step(after=0.05)
    assert "written1" in world.queue("incoming"), "it was complete a moment later"


def test_every_provider_has_its_turn(world: World) -> None:
    for number in range(20):
        world.add(f"g{number:06}", f"a{number}@gmail.test", arrived=NOW - 100)
        world.add(f"y{number:06}", f"a{number}@yahoo.test", arrived=NOW)
    world.ledger.tokens = 6
    world.step()
    assert sorted(world.ledger.taken) == ["gmail"] * 3 + ["yahoo"] * 3, "though one's mail is older"


def test_no_more_under_way_than_the_share_of_sessions(world: World) -> None:
    world.ledger.sessions = 2
    for number in range(4):
        world.add(f"message{number}", f"a{number}@alder.test", arrived=NOW + number)
    world.step()
    world.step(delivery("message0", Outcome.DELIVERED), after=1)
    assert len(world.queue("incoming")) == 2, "delivered, but its session is open as long as its file is there"
    world.ends("message0", None)
    world.step(after=0.05)
    assert world.queue("incoming") == ["message1", "message2"]


def test_a_share_that_is_not_renewed_opens_no_session(world: World) -> None:
    world.ledger.sessions = 0
    world.add("message1", "a@alder.test")
    world.step()
    assert world.queue("hold") == ["message1"] and world.ledger.taken == []


def test_a_share_that_nothing_needs_goes_back(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.step()
    world.step(after=6)
    assert world.ledger.dropped == [], "a message is under way, so its session is open"
    world.ends("message1", None)
    world.step(delivery("message1", Outcome.DELIVERED), after=0.1)
    world.step(after=2)
    assert world.ledger.dropped == [], "more may come at once"
    for _ in range(2):
        world.step(after=6)
    assert world.ledger.dropped == ["other"], "another replica need not wait for its end; it goes back once"
    world.add("message2", "a@alder.test")
    world.step(after=0.1)
    assert world.queue("incoming") == ["message2"], "the next one asks anew"


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


def test_a_hold_that_comes_while_a_message_is_looked_at_keeps_it(world: World) -> None:
    def hold_comes() -> None:
        world.restraint = HELD

    world.list_asked = hold_comes
    world.add("message1", "a@alder.test")
    world.step()
    assert world.queue("hold") == ["message1"] and len(world.ledger.put_backs) == 1
