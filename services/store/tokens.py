"""Tokens in the store: blocks are leased and given back in one transaction each, under the lane's lock."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from services.store.lanes import LaneUnknown
from services.store.tables import Lane, SendingHour, SessionShare
from services.store.upsert import upserted
from warmlane.pacing.blocks import Block
from warmlane.pacing.caps import Caps, Used, grant
from warmlane.pacing.moments import Moment
from warmlane.pacing.sessions import KEPT_SECONDS, share


def lease_block(connection: Connection, lane: str, provider: str, caps: Caps, at: Moment) -> Block:
    """The next block of tokens, empty when there is no room now or when the moment's day is over for the lane.

    Its tokens may be used when the transaction has been made. Raises LaneUnknown.
    """
    last_day = _locked(connection, lane)
    nothing = Block(lane, provider, at.day, at.hour, 0)
    if last_day is not None and at.day < last_day:
        return nothing
    size = grant(caps, used(connection, lane, provider, at), at)
    if size == 0:
        return nothing
    if last_day != at.day:
        connection.execute(update(Lane).where(Lane.lane == lane).values(last_day=at.day))
    key = {"lane": lane, "day": at.day, "hour": at.hour, "provider": provider}
    connection.execute(upserted(connection, SendingHour, key, adds={"tokens": size}))
    return replace(nothing, left=size)


def give_back(connection: Connection, block: Block) -> None:
    """Gives the rest of a block back. It is called once for a block, and not again when its outcome is unknown."""
    connection.execute(
        update(SendingHour)
        .where(
            SendingHour.lane == block.lane,
            SendingHour.day == block.day,
            SendingHour.hour == block.hour,
            SendingHour.provider == block.provider,
        )
        .values(tokens=SendingHour.tokens - block.left)
    )


def used(connection: Connection, lane: str, provider: str, at: Moment) -> Used:
    """Tokens given on the moment's day. Those of later hours, which a wrong clock may have opened, count as earlier."""
    now = SendingHour.hour == at.hour
    here = SendingHour.provider == provider

    def tokens(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(SendingHour.tokens).filter(condition), 0)

    row = connection.execute(
        select(tokens(~now), tokens(now), tokens(and_(here, ~now)), tokens(and_(here, now))).where(
            SendingHour.lane == lane, SendingHour.day == at.day
        )
    ).one()
    return Used(*(int(value) for value in row))


def share_sessions(
    connection: Connection,
    lane: str,
    provider: str,
    replica: str,
    *,
    cap: int,
    open_now: int,
    wanted: int,
    now: float,
) -> int:
    """Sessions that a replica may have open for the next SHARE_SECONDS, of `cap` for all. Raises LaneUnknown."""
    _locked(connection, lane)
    others = connection.execute(
        select(func.count(), func.coalesce(func.sum(SessionShare.sessions), 0)).where(
            SessionShare.lane == lane,
            SessionShare.provider == provider,
            SessionShare.replica != replica,
            SessionShare.expires > int(now),
        )
    ).one()
    sessions = share(cap, int(others[1]), others[0] + 1, open_now, wanted)
    key = {"lane": lane, "provider": provider, "replica": replica}
    values = {"sessions": sessions, "expires": int(now + KEPT_SECONDS) + 1}
    connection.execute(upserted(connection, SessionShare, key, sets=values))
    return sessions


def drop_sessions(connection: Connection, lane: str, provider: str, replica: str) -> None:
    """Gives a replica's share back, when all its sessions are closed."""
    connection.execute(
        delete(SessionShare).where(
            SessionShare.lane == lane, SessionShare.provider == provider, SessionShare.replica == replica
        )
    )


def _locked(connection: Connection, lane: str) -> int | None:
    """Takes the lane's lock until the transaction ends; returns the latest day that tokens were given for."""
    row = connection.execute(select(Lane.last_day).where(Lane.lane == lane).with_for_update()).one_or_none()
    if row is None:
        raise LaneUnknown(lane)
    day: int | None = row.last_day
    return day
