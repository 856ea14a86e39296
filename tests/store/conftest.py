"""A migrated store on each database: SQLite in a file, and PostgreSQL where the lab's packages are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from lab import postgresql
from services.store.database import database
from services.store.migrate import upgrade

ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.lab)


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server for the whole run."""
    with postgresql.server() as running:
        yield running


@pytest.fixture(scope="session")
def template(server: postgresql.Server) -> str:
    """The name of a migrated database, from which a test's own is copied."""
    with made(server, "migrated", keep=True):
        engine = database(server.url("migrated"))
        upgrade(engine)
        engine.dispose()
    return "migrated"


@contextmanager
def made(server: postgresql.Server, name: str, template: str = "template1", keep: bool = False) -> Iterator[str]:
    """A database on the server, dropped at the end."""
    admin = create_engine(server.url(), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        try:
            yield name
        finally:
            if not keep:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    if request.param == "sqlite":
        yield from opened(f"sqlite:///{tmp_path}/store.db")
    else:
        server: postgresql.Server = request.getfixturevalue("server")
        with made(server, "empty") as name:
            yield from opened(server.url(name))


def opened(url: str) -> Iterator[Engine]:
    """An engine that is closed at the end."""
    engine = database(url, connections=8)
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql_store(server: postgresql.Server, template: str) -> Iterator[Engine]:
    """A store at the newest revision on PostgreSQL."""
    with made(server, "store", template) as name:
        yield from opened(server.url(name))


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A store at the newest revision on each database."""
    if request.param == "postgresql":
        yield request.getfixturevalue("postgresql_store")
        return
    for engine in opened(f"sqlite:///{tmp_path}/store.db"):
        upgrade(engine)
        yield engine


@pytest.fixture
def login(server: postgresql.Server, postgresql_store: Engine) -> Iterator[Callable[[str, str], Engine]]:
    """Logs in to the test's database as a user with a password."""
    engines: list[Engine] = []

    def log_in(user: str, password: str) -> Engine:
        engines.append(database(server.url(str(postgresql_store.url.database), user, password), connections=2))
        return engines[-1]

    yield log_in
    for engine in engines:
        engine.dispose()
