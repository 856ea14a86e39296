"""Unsubscribes as the service on the internet adds them, with a role that may do nothing else."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from services.store.suppressions import Entry, Kind
from services.store.tables import Suppression
from warmlane.recipients.hashing import KeyedHash

ROLE = "warmlane_unsubscribe"


def unsubscribe(connection: Connection, hashed: KeyedHash, campaign: str, now: int) -> bool:
    """Adds an unsubscribe, for ever; whether it was not there. `campaign` is empty for the whole organisation.

    `now` in seconds since 1970 UTC. On PostgreSQL this is an INSERT and nothing more: the role can't read the table.
    """
    entry = Entry(hashed, Kind.UNSUBSCRIBE, now, campaign)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {
        "campaign": entry.campaign,
        "key_id": entry.hash.key_id,
        "digest": bytes.fromhex(entry.hash.digest),
        "kind": entry.kind.value,
        "created": entry.created,
    }
    statement = insert(Suppression).values(**row).on_conflict_do_nothing()
    # PostgreSQL's count is thrown away unless it is asked for.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount > 0
