"""What of the delivered mail is booked in the store, and on which day."""

from __future__ import annotations

from services.sender.gate.log_lines import Outcome, Queued
from services.store.database import StoreUnavailable
from tests.sender.release_world import DAY, World, delivery


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
