"""Lanes in the store: who holds one, and what lies behind it. Counters belong to the lane, whoever holds it."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from services.store.tables import Lane, SendingDay
from services.store.upsert import upserted
from warmlane.pacing.history import Base, Delivered, History, history


class LaneUnknown(Exception):
    """The store has no counters for the lane, or none that this campaign may see: it stays closed."""

    def __init__(self, lane: str) -> None:
        super().__init__(
            f"lane {lane}: the store has no counters for it that this campaign may see. A new lane is registered when "
            "its lease is deployed; an old one needs its ledger imported, as an address that has sent does not start "
            "again"
        )


def register(connection: Connection, lane: str, base: Base) -> None:
    """Begins a lane's counters. Raises sqlalchemy's IntegrityError for a lane that has them already."""
    last = base.last
    connection.execute(
        insert(Lane).values(
            lane=lane,
            base_sending_days=base.sending_days,
            base_day=last.day if last else None,
            base_messages=last.messages if last else 0,
        )
    )


def lease(connection: Connection, lane: str, campaign: str | None) -> None:
    """Gives a lane to a campaign; None takes it back. Its counters stay. Raises LaneUnknown."""
    changed = connection.execute(update(Lane).where(Lane.lane == lane).values(campaign=campaign))
    if changed.rowcount != 1:
        raise LaneUnknown(lane)


def record_delivered(connection: Connection, lane: str, day: int, messages: int) -> None:
    """Adds messages that a mailbox provider took to the day on which their tokens were taken."""
    connection.execute(upserted(connection, SendingDay, {"lane": lane, "day": day}, adds={"delivered": messages}))


def lane_history(connection: Connection, lane: str, today: int) -> History:
    """The lane on the morning of `today`. Raises LaneUnknown."""
    row = connection.execute(
        select(Lane.base_sending_days, Lane.base_day, Lane.base_messages).where(Lane.lane == lane)
    ).one_or_none()
    if row is None:
        raise LaneUnknown(lane)
    last = None if row.base_day is None else Delivered(row.base_day, row.base_messages)
    days = connection.execute(select(SendingDay.day, SendingDay.delivered).where(SendingDay.lane == lane))
    return history(Base(row.base_sending_days, last), [Delivered(*day) for day in days], today)
