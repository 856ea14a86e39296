"""What the guardian remembers outlives it whole, and of two guardians one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.guardian.accounts import Account, Booked, Position, Series
from services.guardian.memory import ROLE, Memory, Overtaken, decisions, load, save
from services.guardian.returned import returned
from services.store.database import transaction
from tests.store.conftest import opened
from warmlane.feedback.campaign import Campaign
from warmlane.feedback.cycle import Fleet
from warmlane.feedback.decision import Decision
from warmlane.feedback.standing import Standing
from warmlane.hold import Level

STOPPED = Decision("sale", 1_000.0, "hard-bounces", "none", "quarantined", {"events": 12}, {"evidence": 15.7})


def some_memory() -> Memory:
    account = Account(
        {Series("a", "a:9100", "gmail", "bounced"): Position(990.5, 12)},
        {Booked("gmail", 7, 0): 30},
        {Booked("gmail", 7, 0): 12},
        {("gmail", 16): (42, 3)},
    )
    fleet = Fleet({"sale": Campaign(Standing(Level.QUARANTINED, 1_000.0))}, (1_000.0,))
    return Memory(0, 995.0, fleet, {"sale": account}, {"sale": 4}, {"sale": "Rule hard-bounces."})


def test_what_is_saved_is_loaded(store: Engine) -> None:
    assert load(store) == Memory()
    memory = some_memory()
    save(store, memory, [STOPPED])
    assert load(store) == memory and memory.cycle == 1
    assert decisions(store, "sale") == [STOPPED.to_json()]
    assert decisions(store, "other") == []


def test_of_two_guardians_one_is_refused(store: Engine) -> None:
    save(store, some_memory(), [])
    first, second = load(store), load(store)
    save(store, first, [])
    second.heard["sale"] = 99
    with pytest.raises(Overtaken):
        save(store, second, [STOPPED])
    assert load(store) == first and decisions(store, "sale") == [], "the refused cycle must leave no trace"


def test_of_two_first_guardians_one_is_refused(store: Engine) -> None:
    save(store, some_memory(), [])
    with pytest.raises(Overtaken):
        save(store, Memory(), [])


def test_a_cycle_that_could_not_be_written_whole_is_not_written(store: Engine) -> None:
    memory = some_memory()
    save(store, memory, [])
    with transaction(store) as connection:
        # The next cycle's first decision is there already, so that writing it fails after everything else.
        connection.execute(text("INSERT INTO guardian_decisions VALUES (2, 0, 'x', '{}')"))
    memory.heard["sale"] = 99
    with suppress(IntegrityError):
        save(store, memory, [STOPPED])
    assert load(store).heard == {"sale": 4}


@pytest.fixture
def guardian(postgresql_store: Engine) -> Iterator[Engine]:
    """The store as the guardian's role sees it."""
    with postgresql_store.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS guardian"))
        connection.execute(text(f"CREATE ROLE guardian LOGIN PASSWORD 'guardian' IN ROLE {ROLE}"))
    yield from opened(postgresql_store.url.set(username="guardian", password="guardian").render_as_string(False))


@pytest.mark.lab
def test_its_role_is_enough(guardian: Engine) -> None:
    memory = some_memory()
    save(guardian, memory, [STOPPED])
    save(guardian, memory, [])
    assert load(guardian) == memory and decisions(guardian, "sale")
    assert returned(guardian, 0) == {}


@pytest.mark.lab
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM suppressions",
        "SELECT * FROM return_tokens",
        "UPDATE return_counts SET count = 1",
        "UPDATE sending_hours SET tokens = 0",
        "UPDATE guardian_decisions SET document = ''",
        "DELETE FROM guardian_decisions",
        "DELETE FROM guardian_state",
    ],
)
def test_its_role_may_do_nothing_else(guardian: Engine, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(guardian) as connection:
        connection.execute(text(statement))
