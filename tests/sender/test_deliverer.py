"""The release of mail: what must be true before a message leaves, and what follows from how its try ended."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from services.sender.gate.backoff import STEP
from services.sender.gate.deliverer import KEPT_SECONDS
from services.sender.gate.log_lines import Contacted, Delivery, Outcome, Queued, Started
from services.store.database import StoreUnavailable
from services.store.lanes import LaneUnknown
from services.store.pacer import ClocksDisagree
from tests.sender.release_world import DAY, NOW, WARM_UP, World, queue_file
from warmlane.pacing.limits import Restraint

HELD = Restraint(allowance=None, hold_stands=True)
FREE = Restraint(allowance=None)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def delivery(queue_id: str, outcome: Outcome, relay: str | None = "mx.alder.test") -> Delivery:
    return Delivery(queue_id, outcome, "alder.test", relay)


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


def test_mail_of_five_days_is_given_up_but_not_while_a_hold_stands(world: World) -> None:
    world.add("message1", "a@alder.test", arrived=NOW - KEPT_SECONDS - 1)
    world.add("message2", "a@alder.test", arrived=NOW - KEPT_SECONDS + 100)
    world.restraint = HELD
    world.step()
    assert world.queue("hold") == ["message1", "message2"]
    world.restraint = FREE
    world.step(after=1)
    assert world.queue("incoming") == ["message2"]
    assert world.counts.withdrawn["expired"] == 1


def test_one_clock_that_is_set_forward_gives_no_mail_up(world: World) -> None:
    world.add("message1", "a@alder.test")
    world.ledger.sessions = 0
    world.step()
    world.now, world.ledger.behind = world.now + 2 * KEPT_SECONDS, 2 * KEPT_SECONDS
    world.step(after=61)
    assert world.queue("hold") == ["message1"], "the store tells an earlier time"
    world.ledger.behind = 0.0
    world.step(after=61)
    assert world.queue("hold") == [] and world.counts.withdrawn["expired"] == 1


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
