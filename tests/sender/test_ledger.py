"""What a store says that does not answer as it should closes the release of mail and never ends the gate."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from services.sender.gate.ledger import Ledger
from services.store.database import StoreUnavailable, database, transaction
from services.store.lanes import register
from services.store.migrate import upgrade
from services.store.pacer import Token
from services.store.tables import SendingHour
from services.store.upsert import upserted
from warmlane.pacing.history import Base
from warmlane.pacing.moments import UTC_DAY


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    engine = database(f"sqlite:///{tmp_path}/store.db")
    upgrade(engine)
    with transaction(engine) as connection:
        register(connection, "amber", Base())
        # As a backup left it, which knows less than the replica has taken.
        key = {"lane": "amber", "day": 20_000, "hour": 1, "provider": "gmail"}
        connection.execute(upserted(connection, SendingHour, key, adds={"tokens": 0}))
    return Ledger(engine, "amber", UTC_DAY, "replica-1")


def test_a_token_that_a_restored_store_does_not_know_is_lost(ledger: Ledger) -> None:
    with pytest.raises(StoreUnavailable, match="refuses"):
        ledger.put_back(Token("gmail", 20_000, 1))


def test_the_earlier_clock_counts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for own, of_the_store in ((1_000.0, 2_000.0), (2_000.0, 1_000.0)):
        monkeypatch.setattr("services.store.pacer.Pacer.now", lambda _, told=own: told)
        monkeypatch.setattr("services.store.database.clock", lambda _, told=of_the_store: told)
        assert ledger.now() == 1_000.0


def test_an_error_shows_no_value_of_a_statement(tmp_path: Path) -> None:
    engine = database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(StoreUnavailable) as told, transaction(engine) as connection:
        connection.execute(text("SELECT 1 FROM suppressions WHERE digest = :digest"), {"digest": "canary-5b1e"})
    assert "canary" not in str(told.value) and "suppressions" in str(told.value)


def test_each_answer_of_the_store_is_noted(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    for told in (1_000.0, 2_000.0):
        monkeypatch.setattr("time.monotonic", lambda now=told: now)
        ledger.delivered(20_000, 1)
        assert ledger.answered == told
