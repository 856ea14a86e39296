"""PostgreSQL's roles: each campaign has one, which sees the rows of its own lane and lists no suppression."""

from __future__ import annotations

from psycopg import Connection as Driver
from psycopg import sql
from sqlalchemy import Connection, text

GROUP = "warmlane_campaigns"
"""What every campaign's role is a member of; the migrations say what it may do."""
PREFIX = "campaign_"
"""Begins the names of campaigns' roles and of no other role: the migrations' row policies build on it."""
CONNECTIONS = 12
"""Connections that a campaign may have open: three pods of four, so that one campaign leaves room for the others."""


def campaign_role(campaign: str) -> str:
    """The name of a campaign's role."""
    return PREFIX + campaign


def make_campaign_role(connection: Connection, campaign: str, password: str) -> None:
    """Makes a campaign's role, or gives it a new password. The server is sent a SCRAM verifier, never the password."""
    role = campaign_role(campaign)
    driver = _driver(connection)
    verifier = driver.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    known = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    driver.execute(
        sql.SQL("{} ROLE {} LOGIN INHERIT CONNECTION LIMIT {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"), sql.Identifier(role), CONNECTIONS, sql.Literal(verifier)
        )
    )
    driver.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(GROUP), sql.Identifier(role)))


def drop_campaign_role(connection: Connection, campaign: str) -> None:
    """Removes a campaign's role, if there is one; its lane's counters stay."""
    _driver(connection).execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(campaign_role(campaign))))


def _driver(connection: Connection) -> Driver[tuple[object, ...]]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, Driver):
        raise ValueError("roles are PostgreSQL's; the store of one replica in SQLite has none")
    return driver
