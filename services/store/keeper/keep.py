"""Makes the store as it should be. Every step may be repeated, and a keeper that dies between two goes on later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, Engine, create_engine, select, text, update

from services.store import lanes, roles
from services.store.database import database, transaction
from services.store.keeper.mounts import Wanted
from services.store.migrate import upgrade
from services.store.tables import Lane
from warmlane import names
from warmlane.lane_history import Unknown


def make_database(maintenance_url: str) -> None:
    """Makes the database, if it is not there; `maintenance_url` leads to another one of the same server."""
    engine = create_engine(maintenance_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            known = connection.scalar(
                text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": names.STORE_DATABASE}
            )
            if not known:
                connection.execute(text(f"CREATE DATABASE {names.STORE_DATABASE}"))
    finally:
        engine.dispose()


class Keeper:
    """Keeps one store. Not for several threads."""

    def __init__(self, url: str, maintenance_url: str) -> None:
        """`url` leads to the store's database, `maintenance_url` to another one of the server; both as its owner."""
        self._url, self._maintenance_url = url, maintenance_url
        self._engine: Engine | None = None
        self._given: dict[str, bytes] = {}
        """By campaign, a digest of the password that its role was given by this process."""

    def keep(self, wanted: Wanted) -> list[str]:
        """Changes what differs; returns what was changed and what a person has to do, a sentence each.

        Raises StoreUnavailable, and sqlalchemy's errors.
        """
        if self._engine is None:
            make_database(self._maintenance_url)
            engine = database(self._url, connections=1)
            upgrade(engine)
            self._engine = engine
        with transaction(self._engine) as connection:
            told = [*_lanes(connection, wanted), *self._roles(connection, wanted.passwords)]
        self._given = {campaign: _digest(password) for campaign, password in wanted.passwords.items()}
        return told

    def forget(self) -> None:
        """Drops connections and what was done before: the server may be another one, or an older copy."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine, self._given = None, {}

    def _roles(self, connection: Connection, passwords: Mapping[str, str]) -> Iterator[str]:
        there = set(
            connection.scalars(
                text("SELECT rolname FROM pg_roles WHERE starts_with(rolname, :prefix)"), {"prefix": roles.PREFIX}
            )
        )
        for campaign, password in passwords.items():
            known = roles.campaign_role(campaign) in there
            if not known or self._given.get(campaign) != _digest(password):
                roles.make_campaign_role(connection, campaign, password)
                yield f"campaign {campaign}: its role has the mounted password"
        for role in sorted(there - set(map(roles.campaign_role, passwords))):
            campaign = role.removeprefix(roles.PREFIX)
            roles.drop_campaign_role(connection, campaign)
            yield f"campaign {campaign}: it has no lease any more, so its role is gone; its lane's counters stay"


def _lanes(connection: Connection, wanted: Wanted) -> Iterator[str]:
    """Registers lanes that have no counters, and gives each to who holds it."""
    held = {lane: campaign for lane, campaign in connection.execute(select(Lane.lane, Lane.campaign))}
    closed = set[str]()
    for lane in wanted.leases:
        if lane in held:
            continue
        base = wanted.histories.get(lane)
        if base is None or isinstance(base, Unknown):
            closed.add(lane)
            yield _closed(lane, base)
        else:
            lanes.register(connection, lane, base)
            held[lane] = None
            yield f"lane {lane}: its counters begin after {base.sending_days} sending days"
    right = {lane: wanted.leases.get(lane) for lane in held}
    changed = {lane for lane in held if held[lane] != right[lane]}
    # Taken back first: a campaign holds one lane, and it may change to another one's.
    connection.execute(update(Lane).where(Lane.lane.in_(changed)).values(campaign=None))
    for lane in sorted(changed):
        if right[lane]:
            lanes.lease(connection, lane, right[lane])
        yield f"lane {lane}: held by {right[lane] or 'nobody'}"


def _closed(lane: str, base: Unknown | None) -> str:
    if base is None:
        return (
            f"lane {lane}: it stays closed, as ConfigMap {names.LANE_HISTORY_CONFIG_MAP} does not name it. Deploy the "
            "environment's stack again"
        )
    return (
        f"lane {lane}: it stays closed. {base.sending_days} sending days are committed for it, the store has no "
        "counters, and nobody says what it delivered. Restore the store from its backup; or write its figures under "
        f"lanes.{lane}.adopted (stage, as_of, daily_volume, evidence); or let it start over: remove sending_days and "
        "sending_days_as_of"
    )


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()
