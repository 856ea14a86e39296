"""INSERT … ON CONFLICT in the words of both databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from services.store.tables import Base


def upserted(
    connection: Connection,
    model: type[Base],
    key: Mapping[str, Any],
    *,
    adds: Mapping[str, int] | None = None,
    sets: Mapping[str, Any] | None = None,
) -> postgresql.Insert | sqlite.Insert:
    """A statement that makes a row, or finds it by its key and adds to its counters and sets its values."""
    adds, sets = adds or {}, sets or {}
    table = cast(Table, model.__table__)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**key, **adds, **sets)
    changes = {name: table.c[name] + statement.excluded[name] for name in adds}
    changes |= {name: statement.excluded[name] for name in sets}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes)
