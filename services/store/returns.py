"""What comes back, in the store: which message a return token stands for, and each bounce and complaint counted once.

On PostgreSQL looking up and booking are functions of the database: the intake's role has no right to the tables, so it
can ask for tokens that it names and suppress whom they stand for, and list nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, text, update
from sqlalchemy.dialects import sqlite

from services.store.suppressions import Entry, suppress
from services.store.tables import ReturnCount, Returned, ReturnToken
from services.store.upsert import upserted
from warmlane.pacing.moments import UTC_DAY
from warmlane.recipients.hashing import KeyedHash
from warmlane.recipients.suppression import Kind as Suppressing
from warmlane.returns.token import DAYS_OF_LIFE

ROLE = "warmlane_intake"
"""The PostgreSQL role whose members may look up and book."""


class Came(StrEnum):
    """What came back; of each a token counts one."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    NOT_SPAM = "not-spam"


class Booking(StrEnum):
    """What became of a booking."""

    BOOKED = "booked"
    AGAIN = "again"
    """This very report was booked before, by a process that died before it said so."""
    REPLAYED = "replayed"
    """Another report of this kind was booked for the token: nothing is counted."""
    UNKNOWN = "unknown"
    """No message is known by the token: it has grown old."""


@dataclass(frozen=True)
class Mailed:
    """What a bounce or a complaint counts for. `day` is the sending day of the message's latest try."""

    campaign: str
    lane: str
    provider: str
    day: int


@dataclass(frozen=True)
class Issued:
    """A token that was given to a message; `sent` in seconds since 1970 UTC."""

    id: bytes
    mailed: Mailed
    recipient: KeyedHash
    sent: int


@dataclass(frozen=True)
class Counted:
    """What a figure is of, over all sending days."""

    campaign: str
    lane: str
    provider: str
    came: Came
    class_: str


def issue(connection: Connection, tokens: Iterable[Issued]) -> None:
    """Says what tokens stand for, before the mail that carries them leaves."""
    rows = [
        {
            "id": each.id,
            "campaign": each.mailed.campaign,
            "lane": each.mailed.lane,
            "provider": each.mailed.provider,
            "day": each.mailed.day,
            "sent": each.sent,
            "key_id": each.recipient.key_id,
            "digest": bytes.fromhex(each.recipient.digest),
        }
        for each in tokens
    ]
    if rows:
        connection.execute(insert(ReturnToken), rows)


def tried(connection: Connection, ids: Iterable[bytes], day: int, now: int) -> None:
    """Books tokens to the sending day of a new try; `now` in seconds since 1970 UTC."""
    connection.execute(update(ReturnToken).where(ReturnToken.id.in_(list(ids))).values(day=day, sent=now))


def mailed(connection: Connection, id_: bytes) -> Mailed | None:
    """What a token stands for; None for one that has grown old, or was never issued."""
    if connection.dialect.name == "postgresql":
        row = connection.execute(text("SELECT campaign, lane, provider, day FROM mailed(:id)"), {"id": id_}).first()
    else:
        known = ReturnToken
        columns = (known.campaign, known.lane, known.provider, known.day)
        row = connection.execute(select(*columns).where(known.id == id_)).first()
    return Mailed(*row) if row else None


def book(
    connection: Connection, id_: bytes, came: Came, class_: str, suppressing: Suppressing | None, report: str, now: int
) -> Booking:
    """Counts what came back for the day of sending and, if told so, suppresses the recipient for the organisation.

    All of it or nothing, and once for each token and kind. `report` names the report; `now` in seconds since 1970 UTC.
    """
    if connection.dialect.name == "postgresql":
        arguments = ":id, :came, :class, :suppressing, :report, CAST(:now AS bigint)"
        because = suppressing.value if suppressing else None
        given = {"id": id_, "came": came, "class": class_, "suppressing": because, "report": report, "now": now}
        return Booking(connection.scalar(text(f"SELECT book_return({arguments})"), given))
    known = connection.execute(select(ReturnToken.__table__).where(ReturnToken.id == id_)).first()
    if known is None:
        return Booking.UNKNOWN
    row = {"token": id_, "kind": came.value, "report": report}
    if not connection.execute(sqlite.insert(Returned).values(row).on_conflict_do_nothing()).rowcount:
        held = select(Returned.report).where(Returned.token == id_, Returned.kind == came.value)
        return Booking.AGAIN if connection.scalar(held) == report else Booking.REPLAYED
    key = {"campaign": known.campaign, "lane": known.lane, "provider": known.provider, "day": known.day}
    connection.execute(
        upserted(connection, ReturnCount, key | {"kind": came.value, "class": class_}, adds={"count": 1})
    )
    if suppressing:
        suppress(connection, [Entry(KeyedHash(known.key_id, known.digest.hex()), suppressing, now)])
    return Booking.BOOKED


def totals(connection: Connection) -> Mapping[Counted, int]:
    """What came back so far, over all sending days."""
    of = (ReturnCount.campaign, ReturnCount.lane, ReturnCount.provider, ReturnCount.kind, ReturnCount.class_)
    rows = connection.execute(select(*of, func.sum(ReturnCount.count)).group_by(*of))
    return {Counted(row[0], row[1], row[2], Came(row[3]), row[4]): int(row[5]) for row in rows}


def forget(connection: Connection, now: int) -> int:
    """Removes tokens that were last tried more than DAYS_OF_LIFE days ago; returns how many. What was counted stays."""
    before = now - DAYS_OF_LIFE * UTC_DAY
    if connection.dialect.name == "postgresql":
        return int(connection.scalar(text("SELECT forget_returns(CAST(:before AS bigint))"), {"before": before}))
    return connection.execute(delete(ReturnToken).where(ReturnToken.sent < before)).rowcount
