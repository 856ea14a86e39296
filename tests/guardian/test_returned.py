"""What came back counts for the day of sending, never for more mail than could produce it, and not for later mail."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import Engine, insert

from services.guardian.accounts import Account, Booked
from services.guardian.returned import Returned, outcomes, returned
from services.store.database import transaction
from services.store.tables import ReturnCount
from warmlane.feedback.signals import Outcomes

KEYS = [Booked("yahoo", day, release) for day in (7, 8) for release in (0, 1)]
COUNTS = some.dictionaries(some.sampled_from(KEYS), some.integers(0, 50))
CAME = some.dictionaries(some.sampled_from([("yahoo", 7), ("yahoo", 8)]), some.integers(0, 80))


def count(store: Engine, kind: str, class_: str, number: int, campaign: str = "sale", day: int = 7) -> None:
    row = {"campaign": campaign, "lane": "amber", "provider": "yahoo", "day": day, "kind": kind, "class": class_}
    with transaction(store) as connection:
        connection.execute(insert(ReturnCount.__table__), row | {"count": number})


def test_hard_bounces_and_complaints_are_read_and_nothing_else(store: Engine) -> None:
    count(store, "bounce", "invalid-recipient", 2)
    count(store, "bounce", "inactive-mailbox", 3)
    count(store, "bounce", "quota", 100)
    count(store, "complaint", "abuse", 4)
    count(store, "complaint", "fraud", 1)
    count(store, "not-spam", "not-spam", 50)
    count(store, "complaint", "abuse", 9, campaign="other")
    count(store, "complaint", "abuse", 70, day=6)
    assert returned(store, 7) == {
        "sale": Returned({("yahoo", 7): 5}, {("yahoo", 7): 5}),
        "other": Returned({}, {("yahoo", 7): 9}),
    }


def test_they_are_booked_to_the_days_mail() -> None:
    account = Account(delivered={KEYS[0]: 90}, bounced={KEYS[0]: 10})
    back = Returned({("yahoo", 7): 3}, {("yahoo", 7): 2})
    assert outcomes(account, "yahoo", back) == (Outcomes(7, 0, 100, 13, 90, 2),)


def test_mail_of_after_a_release_does_not_answer_for_earlier_mail_of_its_day() -> None:
    account = Account(delivered={KEYS[0]: 20, KEYS[1]: 30})
    back = Returned({("yahoo", 7): 15}, {("yahoo", 7): 12})
    first, second = outcomes(account, "yahoo", back)
    assert (first.hard_bounces, first.complaints) == (15, 12)
    assert (second.hard_bounces, second.complaints) == (0, 0)


def test_gmails_mail_can_produce_no_complaint() -> None:
    account = Account(delivered={Booked("gmail", 7, 0): 50})
    (day,) = outcomes(account, "gmail", Returned({}, {("gmail", 7): 3}))
    assert (day.reportable, day.complaints) == (0, 0)


@given(COUNTS, COUNTS, CAME, CAME)
def test_no_count_is_one_that_no_mail_can_have(
    delivered: Mapping[Booked, int],
    bounced: Mapping[Booked, int],
    hard: Mapping[tuple[str, int], int],
    complaints: Mapping[tuple[str, int], int],
) -> None:
    found = outcomes(Account(delivered=dict(delivered), bounced=dict(bounced)), "yahoo", Returned(hard, complaints))
    assert sum(each.settled for each in found) == sum(delivered.values()) + sum(bounced.values())
    for day in (7, 8):
        mail = sum(count for key, count in delivered.items() if key.day == day)
        came = sum(each.complaints for each in found if each.day == day)
        assert came == min(complaints.get(("yahoo", day), 0), mail)
