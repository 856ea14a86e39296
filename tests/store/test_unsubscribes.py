"""What the role of the service may do in the store: add an unsubscribe, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from services.store import roles
from services.store.database import StoreUnavailable, transaction
from services.store.suppressions import Entry, Kind, suppress, suppressed, tallies
from services.store.unsubscribes import ROLE, unsubscribe
from warmlane.recipients.hashing import KeyedHash

NOW = 1_800_000_000
ONE, TWO = KeyedHash("2026", "aa" * 32), KeyedHash("2026", "bb" * 32)
Login = Callable[[str, str], Engine]


@pytest.fixture
def service(postgresql_store: Engine, login: Login) -> Iterator[Engine]:
    """The store as the service sees it; one recipient is suppressed there already."""
    with transaction(postgresql_store) as connection:
        suppress(connection, [Entry(ONE, Kind.MANUAL, NOW, expires=NOW + 60)])
        roles.let_service_in(connection, ROLE, "a password")
    yield login(ROLE, "a password")
    with transaction(postgresql_store) as connection:
        roles.shut_service_out(connection, ROLE)


def test_an_unsubscribe_stands_for_ever_and_is_added_once(store: Engine) -> None:
    with transaction(store) as connection:
        assert unsubscribe(connection, ONE, "", NOW)
        assert not unsubscribe(connection, ONE, "", NOW + 5)
        assert unsubscribe(connection, TWO, "newsletter", NOW)
        later = NOW + 10**9
        assert suppressed(connection, "receipts", [ONE, TWO], later) == {ONE}
        assert suppressed(connection, "newsletter", [ONE, TWO], later) == {ONE, TWO}
        assert [(tally.campaign, tally.kind, tally.count) for tally in tallies(connection)] == [
            ("", Kind.UNSUBSCRIBE, 1),
            ("newsletter", Kind.UNSUBSCRIBE, 1),
        ]


@pytest.mark.lab
def test_the_role_adds_unsubscribes(service: Engine, postgresql_store: Engine) -> None:
    for campaign in ("", "newsletter"):
        for first in (True, False):
            with transaction(service) as connection:
                assert unsubscribe(connection, ONE, campaign, NOW) is first
    with transaction(postgresql_store) as connection:
        assert {(tally.kind, tally.campaign, tally.count) for tally in tallies(connection)} == {
            (Kind.MANUAL, "", 1),
            (Kind.UNSUBSCRIBE, "", 1),
            (Kind.UNSUBSCRIBE, "newsletter", 1),
        }


INSERT = "INSERT INTO suppressions (campaign, key_id, digest, kind, expires, created) VALUES "


@pytest.mark.lab
@pytest.mark.parametrize(
    "statement",
    [
        *(
            f"{INSERT} ('', '2026', decode(repeat('cc', 32), 'hex'), '{kind}', NULL, 0)"
            for kind in Kind
            if kind is not Kind.UNSUBSCRIBE
        ),
        f"{INSERT} ('', '2026', decode(repeat('cc', 32), 'hex'), 'hard_bounce', 1, 0)",
        f"{INSERT} ('', '2026', decode(repeat('cc', 32), 'hex'), 'unsubscribe', NULL, 0) RETURNING digest",
        f"""{INSERT} ('', '2026', decode(repeat('aa', 32), 'hex'), 'unsubscribe', NULL, 0)
            ON CONFLICT ON CONSTRAINT suppressions_pkey DO UPDATE SET created = 0""",
        "SELECT * FROM suppressions",
        "SELECT count(*) FROM suppressions",
        "UPDATE suppressions SET created = 0",
        "DELETE FROM suppressions",
        "TRUNCATE suppressions",
        "COPY suppressions TO STDOUT",
        "SELECT * FROM suppressed('', ARRAY['2026'], ARRAY[decode(repeat('aa', 32), 'hex')], 0)",
        "SELECT suppress('', '2026', decode(repeat('cc', 32), 'hex'), 'unsubscribe', NULL, 0)",
        "SELECT * FROM lanes",
        "SELECT * FROM return_tokens",
        "INSERT INTO lanes (lane, base_sending_days, base_messages) VALUES ('new', 60, 9)",
        "CREATE TABLE mine (x int)",
        "ALTER TABLE suppressions DISABLE ROW LEVEL SECURITY",
        "SET ROLE warmlane_campaigns",
    ],
)
def test_it_is_refused_all_else(service: Engine, statement: str) -> None:
    refused = "permission denied|row-level security|must be owner"
    with pytest.raises(ProgrammingError, match=refused), transaction(service) as connection:
        connection.execute(text(statement))


@pytest.mark.lab
def test_without_a_password_it_does_not_get_in(service: Engine, postgresql_store: Engine, login: Login) -> None:
    with transaction(postgresql_store) as connection:
        roles.shut_service_out(connection, ROLE)
    with pytest.raises(StoreUnavailable), transaction(login(ROLE, "a password")):
        pass
