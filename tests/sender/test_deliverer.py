"""The release of mail: what must be true before a message leaves."""

from __future__ import annotations

import os
from fractions import Fraction

import pytest

from services.sender.gate.log_lines import Outcome
from services.store.database import StoreUnavailable
from services.store.lanes import LaneUnknown
from services.store.pacer import ClocksDisagree
from tests.sender.release_world import DAY, FREE, HELD, NOW, World, delivery
from warmlane.pacing.limits import Restraint


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


def test_mail_waits_while_its_provider_is_not_known(world: World) -> None:
    world.add("unrouted", "a@unknown.test")
    world.add("message1", "a@alder.test")
    world.step()
    assert world.queue("hold") == ["unrouted"]
    assert world.waiting.counts() == {"unknown": 1}
    world.providers["unknown.test"] = "gmail"
    world.step(after=1)
    assert world.ledger.taken == ["other", "gmail"]


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


def test_who_was_suppressed_after_queueing_gets_nothing(world: World) -> None:
    world.suppressed = {"a@alder.test"}
    world.add("message1", "a@alder.test")
    world.add("message2", "b@alder.test")
    world.step()
    assert world.queue("hold") == [] and world.queue("incoming") == ["message2"]
    assert world.counts.withdrawn == {"suppressed": 1, "expired": 0}
    assert world.ledger.tokens == 999 and world.counts.tokens["other"] == 1


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


def test_a_hold_that_comes_while_a_message_is_looked_at_keeps_it(world: World) -> None:
    async def suppressed(address: str) -> bool:
        world.restraint = HELD
        return False

    world.deliverer._suppressed = suppressed
    world.add("message1", "a@alder.test")
    world.step()
    assert world.queue("hold") == ["message1"] and len(world.ledger.put_backs) == 1


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
