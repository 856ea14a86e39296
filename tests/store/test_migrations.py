"""The schema goes up, comes down to nothing, and is the one that the models describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text

from services.store.migrate import downgrade, upgrade
from services.store.tables import Base


def test_up_down_and_up_again(empty: Engine) -> None:
    upgrade(empty)
    assert set(inspect(empty).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    downgrade(empty, "base")
    assert inspect(empty).get_table_names() == ["alembic_version"]
    upgrade(empty)
    upgrade(empty)
    assert set(Base.metadata.tables) < set(inspect(empty).get_table_names())


def test_the_models_are_what_the_migrations_make(store: Engine) -> None:
    with store.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_every_check_of_the_models_is_made(store: Engine) -> None:
    inspector = inspect(store)
    for name, table in Base.metadata.tables.items():
        declared = {str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)}
        made = {each["name"] for each in inspector.get_check_constraints(name)}
        assert made == declared, f"{name}: a row that one of them refuses is let in by the other"


def test_going_up_keeps_what_the_store_holds(store: Engine) -> None:
    with store.begin() as connection:
        connection.execute(text("INSERT INTO lanes (lane, base_sending_days, base_messages) VALUES ('amber', 0, 0)"))
    upgrade(store)
    with store.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM lanes")) == 1
