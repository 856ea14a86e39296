"""Connections to the store, and what callers see when it does not answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

SECONDS_TO_CONNECT = 3
SECONDS_TO_ANSWER = 5
"""After these the store counts as away, and its caller defers."""


class StoreUnavailable(Exception):
    """The store does not answer. Whoever asks defers: nothing passes unchecked."""


def database(url: str, connections: int = 4) -> Engine:
    """An engine for `postgresql+psycopg://…` or `sqlite:///file`, with at most `connections` open at once.

    Its errors don't show the values of a statement: they are logged, and the values may be recipients' hashes.

    Raises ValueError for another kind of database.
    """
    kind = make_url(url).get_backend_name()
    if kind == "postgresql":
        wait = SECONDS_TO_ANSWER * 1000
        options = f"-c statement_timeout={wait} -c lock_timeout={wait} -c synchronous_commit=on"
        return create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=SECONDS_TO_ANSWER,
            hide_parameters=True,
            # A server that has vanished says nothing: without these a thread waits for it for a quarter of an hour.
            connect_args={
                "connect_timeout": SECONDS_TO_CONNECT,
                "options": options,
                "tcp_user_timeout": wait,
                "keepalives_idle": SECONDS_TO_ANSWER,
                "keepalives_interval": 1,
                "keepalives_count": 3,
            },
        )
    if kind == "sqlite":
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": SECONDS_TO_ANSWER})
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begun)
        return engine
    raise ValueError(f"the store's URL names {kind}; allowed are postgresql+psycopg and sqlite")


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction that is durable when the block ends without an error. Raises StoreUnavailable.

    After that error it is not known whether the transaction was made; whoever counts tokens treats them as taken.
    """
    with _unavailable(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for one statement that only reads, which on PostgreSQL then takes one round trip, not three.

    Raises StoreUnavailable.
    """
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    with _unavailable(), engine.connect() as connection:
        yield connection


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise StoreUnavailable(f"the store does not answer: {error}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable(f"the store broke the connection off: {error}") from error
        raise


def clock(connection: Connection) -> float:
    """Seconds since 1970 UTC by the store's clock: PostgreSQL's server, or this machine for SQLite."""
    if connection.dialect.name == "sqlite":
        return time.time()
    return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")))


def _sqlite_connected(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late (before the first write), so it is told to send none.
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begun(connection: Connection) -> None:
    # A block that is counted under a lock taken only at the write could be given twice.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
