"""A campaign's role sees its own lane's rows, acts for no other campaign, and lists no suppression."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing

import psycopg
import pytest
from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import ProgrammingError

from services.store import lanes, returns, roles
from services.store.database import StoreUnavailable, transaction
from services.store.returns import Mailed
from services.store.suppressions import Entry, Kind, suppress, suppressed, tallies
from services.store.tables import Base, Lane, SendingHour
from services.store.tokens import drop_sessions, give_back, lease_block, share_sessions
from warmlane.pacing.caps import Caps
from warmlane.pacing.history import Base as Begun
from warmlane.pacing.history import History
from warmlane.pacing.moments import Moment
from warmlane.recipients.hashing import KeyedHash

pytestmark = pytest.mark.lab

NOW = 1_800_000_000
AT = Moment(day=20_000, hour=24, second=3599, hour_length=3600)
CAPS = Caps(50, 50)
HASH = KeyedHash("2026", "aa" * 32)
Login = Callable[[str, str], Engine]
TABLES = sorted(Base.metadata.tables)
NOT_FOR_CAMPAIGNS = ("suppressions", "returned", "return_counts", "guardian_state", "guardian_decisions")


@pytest.fixture
def receipts(postgresql_store: Engine, login: Login) -> Engine:
    """The store as the campaign `receipts` on lane amber sees it; `newsletter` has birch, and cobalt is free."""
    with transaction(postgresql_store) as connection:
        for lane, campaign in (("amber", "receipts"), ("birch", "newsletter"), ("cobalt", None)):
            lanes.register(connection, lane, Begun())
            lanes.lease(connection, lane, campaign)
            lease_block(connection, lane, "gmail", CAPS, AT)
            lanes.record_delivered(connection, lane, AT.day, 3)
            share_sessions(connection, lane, "gmail", "pod-0", cap=5, open_now=0, wanted=2, now=NOW)
        suppress(connection, [Entry(HASH, Kind.UNSUBSCRIBE, NOW, "newsletter")])
        for campaign, lane in (("receipts", "amber"), ("newsletter", "birch")):
            returns.issue(
                connection,
                [returns.Issued(lane.ljust(14).encode(), Mailed(campaign, lane, "gmail", AT.day), HASH, NOW)],
            )
            roles.make_campaign_role(connection, campaign, f"{campaign}-pass")
    return login("campaign_receipts", "receipts-pass")


def test_it_does_with_its_own_lane_what_a_gate_does(receipts: Engine) -> None:
    with transaction(receipts) as connection:
        assert lanes.lane_history(connection, "amber", AT.day + 1) == History(1, 3)
        block = lease_block(connection, "amber", "yahoo", CAPS, AT)
        assert block.left == 1
        give_back(connection, block)
        lanes.record_delivered(connection, "amber", AT.day, 4)
        assert lanes.lane_history(connection, "amber", AT.day + 1) == History(1, 7)
        assert share_sessions(connection, "amber", "gmail", "pod-1", cap=5, open_now=0, wanted=9, now=NOW) == 3
        drop_sessions(connection, "amber", "gmail", "pod-1")


@pytest.mark.parametrize("table", [name for name in TABLES if name not in NOT_FOR_CAMPAIGNS])
def test_it_sees_no_row_of_another_lane(receipts: Engine, table: str) -> None:
    with transaction(receipts) as connection:
        assert connection.execute(text(f"SELECT DISTINCT lane FROM {table}")).scalars().all() == ["amber"]


@pytest.mark.parametrize("lane", ["birch", "cobalt"])
def test_another_lane_is_unknown_to_it(receipts: Engine, lane: str) -> None:
    for act in (
        lambda connection: lease_block(connection, lane, "gmail", CAPS, AT),
        lambda connection: lanes.lane_history(connection, lane, AT.day),
        lambda connection: lanes.lease(connection, lane, "receipts"),
    ):
        with pytest.raises((lanes.LaneUnknown, ProgrammingError)), transaction(receipts) as connection:
            act(connection)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO sending_hours (lane, day, hour, provider, tokens) VALUES ('birch', 1, 1, 'gmail', 1)",
        "INSERT INTO sending_days (lane, day, delivered) VALUES ('birch', 1, 1)",
        "UPDATE sending_hours SET lane = 'birch', day = 1",
        "UPDATE lanes SET campaign = 'receipts'",
        "UPDATE lanes SET lane = 'birch'",
        "UPDATE lanes SET base_sending_days = 60, base_messages = 1000000",
        "INSERT INTO lanes (lane, campaign, base_sending_days, base_messages) VALUES ('new', 'receipts', 60, 9)",
        "DELETE FROM sending_hours",
        "DELETE FROM lanes",
        "TRUNCATE sending_days",
        "SELECT * FROM suppressions",
        "SELECT count(*) FROM suppressions",
        "SELECT * FROM returned",
        "SELECT * FROM guardian_state",
        "UPDATE guardian_state SET document = '{}'",
        "SELECT * FROM guardian_decisions",
        "INSERT INTO returned (token, kind, report) VALUES ('amber         ', 'bounce', 'x')",
        "SELECT * FROM return_counts",
        "SELECT * FROM mailed('birch         ')",
        "SELECT book_return('amber         ', 'bounce', 'unknown', NULL, 'x', 0)",
        "SELECT forget_returns(0)",
        "DELETE FROM return_tokens",
        "UPDATE return_tokens SET campaign = 'newsletter'",
        "UPDATE return_tokens SET digest = decode(repeat('bb', 32), 'hex')",
        """INSERT INTO return_tokens (id, campaign, lane, provider, day, sent, key_id, digest)
           SELECT 'newsletter    ', 'newsletter', 'birch', 'gmail', 1, 1, key_id, digest FROM return_tokens""",
        """INSERT INTO return_tokens (id, campaign, lane, provider, day, sent, key_id, digest)
           SELECT 'receipts      ', 'receipts', 'birch', 'gmail', 1, 1, key_id, digest FROM return_tokens""",
        "DELETE FROM suppressions",
        "COPY suppressions TO STDOUT",
        "SELECT * FROM suppressed('newsletter', ARRAY['2026'], ARRAY[decode(repeat('aa', 32), 'hex')], 0)",
        "SELECT suppress('newsletter', '2026', decode(repeat('bb', 32), 'hex'), 'hard_bounce', NULL, 0)",
        "SELECT suppress('', '2026', decode(repeat('bb', 32), 'hex'), 'manual', NULL, 0)",
        "SELECT suppress('receipts', '2026', decode(repeat('bb', 32), 'hex'), 'unsubscribe', NULL, 0)",
        "SET ROLE campaign_newsletter",
        "SET SESSION AUTHORIZATION campaign_newsletter",
        "CREATE TABLE mine (x int)",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE lanes DISABLE ROW LEVEL SECURITY",
        "UPDATE alembic_version SET version_num = '0'",
    ],
)
def test_it_is_refused(receipts: Engine, statement: str) -> None:
    refused = "permission denied|row-level security|may not act for another|hard bounces only|must be owner"
    with pytest.raises(ProgrammingError, match=refused), transaction(receipts) as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("statement", ["UPDATE sending_days SET delivered = 0", "UPDATE sending_hours SET tokens = 0"])
def test_what_it_may_change_changes_its_own_rows_only(
    receipts: Engine, postgresql_store: Engine, statement: str
) -> None:
    def others(connection: Connection) -> list[tuple[object, ...]]:
        table = statement.split()[1]
        return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} WHERE lane <> 'amber'"))]

    with transaction(postgresql_store) as connection:
        before = others(connection)
    with transaction(receipts) as connection:
        connection.execute(text(statement))
    with transaction(postgresql_store) as connection:
        assert before and others(connection) == before


def test_set_role_does_not_make_it_another_campaign(receipts: Engine) -> None:
    with transaction(receipts) as connection:
        connection.execute(text("SET ROLE warmlane_campaigns"))
        assert connection.execute(select(Lane)).all() == []
        assert connection.execute(select(SendingHour)).all() == []


def test_it_asks_for_hashes_that_it_names_and_adds_hard_bounces(receipts: Engine, postgresql_store: Engine) -> None:
    other = KeyedHash("2026", "bb" * 32)
    with transaction(receipts) as connection:
        assert suppressed(connection, "receipts", [HASH, other], NOW) == set(), "newsletter's own is not its business"
        suppress(connection, [Entry(other, Kind.HARD_BOUNCE, NOW), Entry(HASH, Kind.HARD_BOUNCE, NOW, "receipts")])
        assert suppressed(connection, "receipts", [HASH, other], NOW) == {HASH, other}
    with transaction(postgresql_store) as connection:
        assert suppressed(connection, "newsletter", [HASH, other], NOW) == {HASH, other}
        assert [tally.campaign for tally in tallies(connection)] == ["", "newsletter", "receipts"]


def test_a_lane_takes_its_counters_to_its_next_campaign(
    receipts: Engine, postgresql_store: Engine, login: Login
) -> None:
    newsletter = login("campaign_newsletter", "newsletter-pass")
    with transaction(postgresql_store) as connection:
        lanes.lease(connection, "birch", None)
        lanes.lease(connection, "amber", "newsletter")
    with transaction(newsletter) as connection:
        assert lanes.lane_history(connection, "amber", AT.day + 1) == History(1, 3)
    with pytest.raises(lanes.LaneUnknown), transaction(receipts) as connection:
        lanes.lane_history(connection, "amber", AT.day + 1)


def test_a_password_is_needed_and_can_be_changed(receipts: Engine, postgresql_store: Engine, login: Login) -> None:
    wrong = login("campaign_receipts", "wrong")
    with pytest.raises(StoreUnavailable, match="password authentication failed"), transaction(wrong):
        pass
    with transaction(postgresql_store) as connection:
        roles.make_campaign_role(connection, "receipts", "it's new")
        stored = connection.scalar(text("SELECT rolpassword FROM pg_authid WHERE rolname = 'campaign_receipts'"))
    assert stored.startswith("SCRAM-SHA-256$")
    with transaction(login("campaign_receipts", "it's new")) as connection:
        assert connection.scalar(select(Lane.lane)) == "amber"


def test_one_campaign_can_not_take_all_connections(receipts: Engine) -> None:
    receipts.dispose()
    words = receipts.dialect.create_connect_args(receipts.url)[1]
    with ExitStack() as opened, pytest.raises(psycopg.OperationalError, match="too many connections for role"):
        for _ in range(roles.CONNECTIONS + 1):
            opened.enter_context(closing(psycopg.connect(**words)))


def test_a_role_that_was_removed_does_not_get_in(receipts: Engine, postgresql_store: Engine) -> None:
    receipts.dispose()
    with transaction(postgresql_store) as connection:
        roles.drop_campaign_role(connection, "receipts")
        roles.drop_campaign_role(connection, "receipts")
    with pytest.raises(StoreUnavailable), transaction(receipts):
        pass
