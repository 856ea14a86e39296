"""What comes back counts once for each token and kind, for the day of sending; the intake's role lists nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import ProgrammingError

from services.store import lanes, roles
from services.store.database import transaction
from services.store.returns import (
    ROLE,
    Booking,
    Came,
    Counted,
    Issued,
    Mailed,
    book,
    forget,
    issue,
    mailed,
    totals,
    tried,
)
from services.store.suppressions import Kind, suppressed
from services.store.tables import ReturnCount
from tests.store.conftest import opened
from warmlane.pacing.history import Base
from warmlane.recipients.hashing import KeyedHash

NOW = int(time.time())
DAY = 86_400
SENT = Mailed("receipts", "amber", "gmail", 20_000)
GONE, OTHER = KeyedHash("2026", "aa" * 32), KeyedHash("2026", "bb" * 32)
TOKEN = b"fourteen bytes"


@pytest.fixture
def mail(store: Engine) -> Engine:
    """A store that knows one message by its token."""
    with transaction(store) as connection:
        issue(connection, [Issued(TOKEN, SENT, GONE, NOW), Issued(TOKEN[::-1], replace(SENT, day=20_001), OTHER, NOW)])
    return store


def booked(store: Engine, came: Came = Came.BOUNCE, report: str = "1", suppressing: Kind | None = None) -> Booking:
    with transaction(store) as connection:
        return book(connection, TOKEN, came, "spam", suppressing, report, NOW)


def counts(store: Engine) -> list[tuple[object, ...]]:
    with transaction(store) as connection:
        return [tuple(row) for row in connection.execute(select(ReturnCount.__table__)).all()]


def test_it_counts_once_for_each_kind_and_for_the_day_of_sending(mail: Engine) -> None:
    assert [booked(mail, Came.BOUNCE, report) for report in "1123"] == ["booked", "again", "replayed", "replayed"]
    assert booked(mail, Came.COMPLAINT, "9") is Booking.BOOKED
    row = ("receipts", "amber", "gmail", 20_000)
    assert sorted(counts(mail)) == [(*row, "bounce", "spam", 1), (*row, "complaint", "spam", 1)]


def test_a_message_that_was_tried_again_counts_for_that_day(mail: Engine) -> None:
    with transaction(mail) as connection:
        tried(connection, [TOKEN], 20_003, NOW)
        assert mailed(connection, TOKEN) == replace(SENT, day=20_003)
    booked(mail)
    assert [row[3] for row in counts(mail)] == [20_003]


@pytest.mark.parametrize("suppressing", [Kind.HARD_BOUNCE, Kind.COMPLAINT, None])
def test_the_recipient_is_suppressed_for_the_organisation_if_told_so(mail: Engine, suppressing: Kind | None) -> None:
    booked(mail, suppressing=suppressing)
    with transaction(mail) as connection:
        assert suppressed(connection, "newsletter", [GONE, OTHER], NOW) == ({GONE} if suppressing else set())


def test_a_token_that_nobody_issued_counts_nothing(store: Engine) -> None:
    assert booked(store) is Booking.UNKNOWN
    with transaction(store) as connection:
        assert mailed(connection, TOKEN) is None
    assert counts(store) == []


def test_tokens_are_known_for_35_days_and_counts_for_ever(mail: Engine) -> None:
    booked(mail)
    for age, known in ((34, True), (36, False)):
        with transaction(mail) as connection:
            tried(connection, [TOKEN], 20_000, NOW - age * DAY)
            forget(connection, NOW)
            assert (mailed(connection, TOKEN) is not None) is known
    assert booked(mail, report="2") is Booking.UNKNOWN
    assert len(counts(mail)) == 1


def test_totals_are_over_all_days(mail: Engine) -> None:
    booked(mail)
    with transaction(mail) as connection:
        book(connection, TOKEN[::-1], Came.BOUNCE, "spam", None, "2", NOW)
        assert totals(connection) == {Counted("receipts", "amber", "gmail", Came.BOUNCE, "spam"): 2}


def test_many_at_once_book_it_once(mail: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        done = sorted(threads.map(lambda report: booked(mail, report=str(report)), range(40)))
    assert done == ["booked"] + ["replayed"] * 39
    assert [row[-1] for row in counts(mail)] == [1]


@pytest.fixture
def intake(postgresql_store: Engine) -> Iterator[Engine]:
    """The store as its intake sees it."""
    with transaction(postgresql_store) as connection:
        issue(connection, [Issued(TOKEN, SENT, GONE, NOW)])
        connection.execute(text("DROP ROLE IF EXISTS intake"))
        connection.execute(text(f"CREATE ROLE intake LOGIN PASSWORD 'intake' IN ROLE {ROLE}"))
    yield from opened(postgresql_store.url.set(username="intake", password="intake").render_as_string(False))


@pytest.mark.lab
def test_the_intake_books_and_the_platform_sees_it(intake: Engine, postgresql_store: Engine) -> None:
    with transaction(intake) as connection:
        assert mailed(connection, TOKEN) == SENT
    assert booked(intake, suppressing=Kind.HARD_BOUNCE) is Booking.BOOKED
    with transaction(intake) as connection:
        assert totals(connection) == {Counted("receipts", "amber", "gmail", Came.BOUNCE, "spam"): 1}
        assert forget(connection, NOW + 1000 * DAY) == 0, "a clock of the intake's own removes nothing"
    with transaction(postgresql_store) as connection:
        assert suppressed(connection, "newsletter", [GONE], NOW) == {GONE}


@pytest.mark.lab
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM return_tokens",
        "SELECT id FROM return_tokens",
        "INSERT INTO returned (token, kind, report) VALUES ('fourteen bytes', 'bounce', 'x')",
        "DELETE FROM return_counts",
        "UPDATE return_counts SET count = 5",
        "INSERT INTO return_counts VALUES ('receipts', 'amber', 'gmail', 1, 'bounce', 'spam', 5)",
        "SELECT * FROM suppressions",
        "SELECT suppress('', '2026', decode(repeat('bb', 32), 'hex'), 'complaint', NULL, 0)",
        "SELECT * FROM suppressed('', ARRAY['2026'], ARRAY[decode(repeat('aa', 32), 'hex')], 0)",
        "SELECT * FROM lanes",
        "SELECT * FROM sending_days",
        "SET ROLE warmlane_campaigns",
        "CREATE TABLE mine (x int)",
    ],
)
def test_the_intake_may_do_nothing_else(intake: Engine, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(intake) as connection:
        connection.execute(text(statement))


@pytest.mark.lab
def test_a_campaign_issues_tokens_of_its_own(postgresql_store: Engine) -> None:
    with transaction(postgresql_store) as connection:
        lanes.register(connection, "amber", Base())
        lanes.lease(connection, "amber", "receipts")
        roles.make_campaign_role(connection, "receipts", "pass")
    campaign = postgresql_store.url.set(username=roles.campaign_role("receipts"), password="pass")
    for engine in opened(campaign.render_as_string(False)):
        with transaction(engine) as connection:
            issue(connection, [Issued(TOKEN, SENT, GONE, NOW)])
            tried(connection, [TOKEN], 20_002, NOW)
    with transaction(postgresql_store) as connection:
        assert mailed(connection, TOKEN) == replace(SENT, day=20_002)
