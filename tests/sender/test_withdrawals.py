"""When mail is given up: its recipient was suppressed, or five days from a first try in which it could leave."""

from __future__ import annotations

import os

import pytest

from services.sender.gate.backoff import STEP
from services.sender.gate.log_lines import Outcome
from services.sender.gate.withdrawals import KEPT_SECONDS
from tests.sender.release_world import World, delivery

DAY = 86_400.0
ONE = "message1"


def tried(world: World, relay: str | None = "mx.alder.test") -> None:
    """The message is released, and its try fails for now."""
    world.step()
    assert world.queue("incoming") == [ONE]
    world.ends(ONE, "deferred", STEP)
    world.step(delivery(ONE, Outcome.DEFERRED, relay))


def given_up(world: World) -> bool:
    return ONE not in world.waiting and world.queue("incoming") == [] and world.counts.withdrawn["expired"] == 1


def test_who_was_suppressed_after_queueing_gets_nothing(world: World) -> None:
    world.suppressed = {"a@alder.test"}
    world.add("message1", "a@alder.test")
    world.add("message2", "b@alder.test")
    world.step()
    assert world.queue("hold") == [] and world.queue("incoming") == ["message2"]
    assert world.counts.withdrawn == {"suppressed": 1, "expired": 0}
    assert world.ledger.tokens == 999 and world.counts.tokens["other"] == 1


@pytest.mark.parametrize("relay", ["mx.alder.test", None], ids=["a receiver that says later", "nobody answers"])
@pytest.mark.parametrize("restarted", [False, True])
def test_mail_that_was_tried_for_five_days_is_given_up(world: World, relay: str | None, restarted: bool) -> None:
    world.add(ONE, "a@alder.test")
    tried(world, relay)
    world.ledger.sessions = 0
    if restarted:
        world.begin()
    world.step(after=KEPT_SECONDS - 60)
    assert ONE in world.waiting and not given_up(world)
    world.step(after=120)
    assert given_up(world)


def test_the_age_counts_from_the_first_try_and_not_from_the_last(world: World) -> None:
    world.add(ONE, "a@alder.test")
    tried(world)
    world.step(after=4 * DAY)
    world.ends(ONE, "deferred", STEP)
    world.step(delivery(ONE, Outcome.DEFERRED))
    world.ledger.sessions = 0
    world.begin()
    world.step(after=DAY + 120)
    assert given_up(world)


@pytest.mark.parametrize("restarted", [False, True])
def test_nothing_expires_after_thirty_days_of_hold(world: World, restarted: bool) -> None:
    world.add(ONE, "a@alder.test")
    tried(world)
    world.ledger.sessions = 0
    world.step(after=2 * DAY)
    world.held(30)
    if restarted:
        world.begin()
    world.step(after=60)
    assert ONE in world.waiting and not given_up(world)
    world.step(after=3 * DAY - 300)
    assert ONE in world.waiting, "two days before the hold, not quite three after it"
    world.step(after=600)
    assert given_up(world)


def test_mail_that_waits_for_its_first_token_does_not_age(world: World) -> None:
    world.add(ONE, "a@alder.test", arrived=world.now - 2 * KEPT_SECONDS)
    world.ledger.tokens = 0
    for _ in range(3):
        world.step(after=KEPT_SECONDS)
    world.ledger.tokens = 1
    world.step(after=1)
    assert world.queue("incoming") == [ONE]


def test_nothing_expires_while_a_hold_stands(world: World) -> None:
    world.add(ONE, "a@alder.test")
    tried(world)
    world.held(2 * KEPT_SECONDS / DAY)
    assert world.queue("deferred") == [ONE]


def test_one_clock_that_is_set_forward_gives_no_mail_up(world: World) -> None:
    world.add(ONE, "a@alder.test")
    tried(world)
    world.ledger.sessions = 0
    world.now, world.ledger.behind = world.now + 2 * KEPT_SECONDS, 2 * KEPT_SECONDS
    world.step(after=61)
    assert world.queue("deferred") == [ONE], "the store tells an earlier time"
    world.ledger.behind = 0.0
    world.step(after=61)
    assert given_up(world)


def test_a_file_whose_time_says_more_than_can_be_is_no_older_than_its_mail(world: World) -> None:
    path = world.add(ONE, "a@alder.test")
    os.utime(path, (world.now, int(world.now) + STEP + 0.9))
    world.ledger.sessions = 0
    world.step(after=61)
    assert ONE in world.waiting
