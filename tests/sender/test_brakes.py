"""A provider that keeps saying "slow down" gets no mail for a while, then one message, then all."""

from __future__ import annotations

import pytest

from services.sender.gate.backoff import STEP
from services.sender.gate.brakes import FIRST, LONGEST, REFUSALS, Brakes, slows_down
from services.sender.gate.log_lines import Delivery, Outcome, parse
from tests.sender.release_world import World

TSS04 = "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints"


def ended(queue_id: str, domain: str, answer: str = TSS04, status: str = "4.7.0") -> Delivery:
    """A try that ended in an answer for now, as Postfix logs it."""
    line = (
        f"Nov  4 11:20:31 amber postfix/smtp[7]: {queue_id}: to=<a@{domain}>, relay=mx.{domain}[203.0.113.9]:25,"
        f" delay=0, delays=0/0/0/0, dsn={status}, status=deferred (host mx.{domain}[203.0.113.9] said: {answer})"
    )
    event = parse(line)
    assert isinstance(event, Delivery)
    return event


@pytest.mark.parametrize(
    ("provider", "answer", "status", "slower"),
    [
        ("yahoo", TSS04, "4.7.0", True),
        ("gmail", "421 4.7.28 unusual rate of unsolicited mail originating from your IP address", "4.7.28", True),
        ("gmail", "450 4.7.25 the IP address does not have a PTR record set up", "4.7.25", True),
        (
            "microsoft",
            "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation",
            "4.7.650",
            True,
        ),
        ("other", "450 4.7.1 Greylisted, please try again in 300 seconds", "4.7.1", False),
        ("gmail", "452 4.2.2 The email account that you tried to reach is over quota", "4.2.2", False),
        ("yahoo", "451 4.3.0 Resources temporarily not available", "4.3.0", False),
    ],
)
def test_what_tells_a_sender_to_slow_down(provider: str, answer: str, status: str, slower: bool) -> None:
    assert slows_down(ended("message1", "a.test", answer, status), provider) is slower
    bounced = Delivery("message1", Outcome.BOUNCED, "a.test", "mx.a.test", "5.7.1", 550, answer)
    assert not slows_down(bounced, provider)


def test_a_pause_doubles_while_the_one_message_after_it_is_refused() -> None:
    brakes, now, pauses = Brakes(), 1_000_000.0, []
    for _ in range(REFUSALS - 1):
        brakes.refused("yahoo", now)
    assert brakes.paused("yahoo", now) is None and not brakes.one_at_a_time("yahoo")
    for _ in range(5):
        brakes.refused("yahoo", now)
        brakes.refused("yahoo", now + 1)
        until = brakes.paused("yahoo", now)
        assert until is not None
        pauses.append(until - now)
        now = until
        assert brakes.paused("yahoo", now) is None and brakes.one_at_a_time("yahoo")
    assert pauses == [FIRST, 2 * FIRST, 4 * FIRST, LONGEST, LONGEST]
    brakes.taken("yahoo", now)
    assert not brakes.one_at_a_time("yahoo")


def test_what_was_under_way_when_a_pause_began_does_not_end_it() -> None:
    brakes = Brakes()
    for _ in range(REFUSALS):
        brakes.refused("yahoo", 0.0)
    brakes.taken("yahoo", 1.0)
    assert brakes.paused("yahoo", 2.0) == FIRST


def test_refusals_among_more_messages_that_are_taken_pause_nothing() -> None:
    brakes = Brakes()
    for _ in range(10 * REFUSALS):
        brakes.refused("yahoo", 0.0)
        brakes.taken("yahoo", 0.0)
    assert brakes.paused("yahoo", 0.0) is None


def test_a_clock_that_is_set_back_does_not_keep_a_pause() -> None:
    brakes = Brakes()
    for _ in range(REFUSALS):
        brakes.refused("yahoo", 10 * 86_400.0)
    assert brakes.paused("yahoo", 0.0) is None


def refused(world: World, *messages: str, domain: str = "yahoo.test", answer: str = TSS04) -> None:
    for message in messages:
        world.ends(message, "deferred", STEP)
    world.step(*(ended(message, domain, answer) for message in messages), after=0.1)


def test_the_whole_provider_pauses_without_taking_a_token_and_begins_again_by_one_message(world: World) -> None:
    first = [f"message{number}" for number in range(REFUSALS)]
    for number, message in enumerate(first):
        world.add(message, f"a{number}@yahoo.test")
    world.step()
    refused(world, *first)
    taken = len(world.ledger.taken)
    world.providers["yahoo-business.test"] = "yahoo"
    for number in range(4, 7):
        world.add(f"message{number}", "a@yahoo-business.test")
    world.add("message9", "a@gmail.test")
    world.step(after=300)
    world.step(after=1)
    assert world.queue("incoming") == ["message9"], "another provider's mail goes on"
    assert world.ledger.taken[taken:] == ["gmail"]
    assert world.deliverer.provider_pauses() == {"gmail": 0, "microsoft": 0, "yahoo": 1, "other": 0}
    world.step(after=FIRST)
    trial = set(world.queue("incoming")) - {"message9"}
    assert len(trial) == 1
    world.step(after=10)
    assert set(world.queue("incoming")) - {"message9"} == trial, "one message finds out"
    (message,) = trial
    refused(world, message)
    world.step(after=1.5 * FIRST)
    assert world.queue("incoming") == ["message9"], "the second pause is twice as long"
    world.step(after=FIRST)
    (message,) = set(world.queue("incoming")) - {"message9"}
    world.ends(message, None)
    world.step(Delivery(message, Outcome.DELIVERED, "yahoo.test", "mx.yahoo.test"), after=1)
    world.step(after=6)
    assert len(world.queue("incoming")) > 2, "it takes mail again"


def test_of_receivers_that_are_no_known_provider_only_the_domain_pauses(world: World) -> None:
    first = [f"message{number}" for number in range(REFUSALS)]
    for number, message in enumerate(first):
        world.add(message, f"a{number}@alder.test")
    world.step()
    refused(world, *first, domain="alder.test", answer="421 4.7.0 too many messages from you")
    world.add("message8", "a@alder.test")
    world.add("message9", "a@beech.test")
    world.step(after=600)
    world.step(after=1)
    assert world.queue("incoming") == ["message9"]
    assert world.deliverer.provider_pauses()["other"] == 1
