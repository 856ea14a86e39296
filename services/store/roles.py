"""PostgreSQL's roles: each campaign has one, which sees the rows of its own lane and lists no suppression; a service of
the platform has one of its own, whose rights its migration gives."""

from __future__ import annotations

from psycopg import Connection as Driver
from psycopg import sql
from sqlalchemy import Connection, text

GROUP = "warmlane_campaigns"
"""What every campaign's role is a member of; the migrations say what it may do."""
PREFIX = "campaign_"
"""Begins the names of campaigns' roles and of no other role: the migrations' row policies build on it."""
CONNECTIONS = 12
"""Connections that a campaign may have open: three pods of four, so that one campaign leaves room for the others. A
service has no more."""


def campaign_role(campaign: str) -> str:
    """The name of a campaign's role."""
    return PREFIX + campaign


def make_campaign_role(connection: Connection, campaign: str, password: str) -> None:
    """Makes a campaign's role, or gives it a new password. The server is sent a SCRAM verifier, never the password."""
    role = campaign_role(campaign)
    known = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    _let_in(connection, "ALTER" if known else "CREATE", role, password)
    _driver(connection).execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(GROUP), sql.Identifier(role)))


def drop_campaign_role(connection: Connection, campaign: str) -> None:
    """Removes a campaign's role, if there is one; its lane's counters stay."""
    _driver(connection).execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(campaign_role(campaign))))


def let_service_in(connection: Connection, role: str, password: str) -> None:
    """Gives the role of a service, which a migration has made, a password, likewise."""
    _let_in(connection, "ALTER", role, password)


def shut_service_out(connection: Connection, role: str) -> None:
    """Takes the password of a service's role. What its migration lets it do stays."""
    _driver(connection).execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(role)))


def _let_in(connection: Connection, verb: str, role: str, password: str) -> None:
    driver = _driver(connection)
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    driver.execute(
        sql.SQL("{} ROLE {} LOGIN INHERIT CONNECTION LIMIT {} PASSWORD {}").format(
            sql.SQL(verb), sql.Identifier(role), CONNECTIONS, sql.Literal(verifier)
        )
    )


def _driver(connection: Connection) -> Driver[tuple[object, ...]]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, Driver):
        raise ValueError("roles are PostgreSQL's; the store of one replica in SQLite has none")
    return driver
