"""Suppressions in the store, by keyed hash: who may not be mailed by the whole organisation or by one campaign.

On PostgreSQL both statements are functions of the database: a campaign's role has no right to the table, so it can ask
for hashes that it names and add hard bounces, and read nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, or_, select, text, tuple_
from sqlalchemy.dialects import sqlite

from services.store.tables import WHOLE_ORGANISATION, Suppression
from warmlane.recipients.hashing import KeyedHash
from warmlane.recipients.suppression import NEVER_EXPIRES
from warmlane.recipients.suppression import Kind as Kind

ASKED_AT_ONCE = 1000
"""Hashes in one question."""


@dataclass(frozen=True)
class Entry:
    """A suppression; `expires` in seconds since 1970 UTC, None for never.

    Raises ValueError for a complaint or an unsubscribe that would expire.
    """

    hash: KeyedHash
    kind: Kind
    created: int
    campaign: str = WHOLE_ORGANISATION
    expires: int | None = None

    def __post_init__(self) -> None:
        if self.kind in NEVER_EXPIRES and self.expires is not None:
            raise ValueError(f"a suppression by {self.kind.value} never expires; leave `expires` out")


@dataclass(frozen=True)
class Tally:
    """How many suppressions there are of one kind, scope and key."""

    key_id: str
    campaign: str
    kind: Kind
    count: int


def suppress(connection: Connection, entries: Iterable[Entry]) -> None:
    """Adds suppressions. One that stands already is never shortened."""
    rows = [
        {
            "campaign": entry.campaign,
            "key_id": entry.hash.key_id,
            "digest": bytes.fromhex(entry.hash.digest),
            "kind": entry.kind.value,
            "expires": entry.expires,
            "created": entry.created,
        }
        for entry in entries
    ]
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        arguments = ":campaign, :key_id, :digest, :kind, CAST(:expires AS bigint), CAST(:created AS bigint)"
        connection.execute(text(f"SELECT suppress({arguments})"), rows)
        return
    statement = sqlite.insert(Suppression)
    stands, new = Suppression.expires, statement.excluded.expires
    longer = case((or_(stands.is_(None), new.is_(None)), None), else_=func.max(stands, new))
    key = ["digest", "key_id", "campaign", "kind"]
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_={"expires": longer}), rows)


def suppressed(connection: Connection, campaign: str, hashes: Sequence[KeyedHash], now: float) -> set[KeyedHash]:
    """Those of the hashes that the campaign may not mail now. Raises ValueError for too many hashes at once."""
    if len(hashes) > ASKED_AT_ONCE:
        raise ValueError(f"{len(hashes)} hashes in one question; at most {ASKED_AT_ONCE} are allowed")
    digests = [bytes.fromhex(asked.digest) for asked in hashes]
    if connection.dialect.name == "postgresql":
        found = connection.execute(
            text("SELECT key_id, digest FROM suppressed(:campaign, :key_ids, :digests, CAST(:now AS bigint))"),
            {
                "campaign": campaign,
                "key_ids": [asked.key_id for asked in hashes],
                "digests": digests,
                "now": int(now),
            },
        )
    else:
        keys = list(zip([asked.key_id for asked in hashes], digests, strict=True))
        found = connection.execute(
            select(Suppression.key_id, Suppression.digest).where(
                tuple_(Suppression.key_id, Suppression.digest).in_(keys),
                Suppression.campaign.in_([WHOLE_ORGANISATION, campaign]),
                or_(Suppression.expires.is_(None), Suppression.expires > int(now)),
            )
        )
    return {KeyedHash(row.key_id, bytes(row.digest).hex()) for row in found}


def tallies(connection: Connection) -> list[Tally]:
    """What the list holds, in figures. A key with a figure above 0 must stay readable, or its recipients are lost."""
    columns = (Suppression.key_id, Suppression.campaign, Suppression.kind)
    rows = connection.execute(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    return [Tally(key_id, campaign, Kind(kind), count) for key_id, campaign, kind, count in rows]
