"""The keeper makes the store as its mounts say, whatever it finds, and says what it can't."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.exc import OperationalError

from lab import postgresql
from services.store.database import StoreUnavailable, database, transaction
from services.store.keeper import __main__ as program
from services.store.keeper import mounts
from services.store.keeper.keep import Keeper
from services.store.lanes import record_delivered
from services.store.tables import Lane, SendingDay
from warmlane import names

HISTORY = {
    "lanes": {
        "amber": {"sending_days": 19, "last_day": "2026-11-23", "messages": 650_000},
        "birch": {"sending_days": 0},
        "cobalt": {"sending_days": 24, "last_day": "2026-11-23"},
    }
}
CANARY = "canary-password"


class Mounts:
    """The keeper's files, as a kubelet lays them out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("lane-history", "history.json", json.dumps(HISTORY))
        self.leases(amber="spring-sale", birch="")
        self.passwords(**{"spring-sale": CANARY})

    def write(self, folder: str, name: str, content: str) -> None:
        (self.root / folder / "..data").mkdir(parents=True, exist_ok=True)
        (self.root / folder / name).write_text(content)

    def fill(self, folder: str, contents: dict[str, str]) -> None:
        for path in (self.root / folder).glob("[!.]*"):
            path.unlink()
        for name, content in contents.items():
            self.write(folder, name, content)

    def leases(self, **holders: str) -> None:
        self.fill("lease-table", holders)

    def passwords(self, **given: str) -> None:
        self.fill("roles", given)


@pytest.fixture
def mounted(tmp_path: Path) -> Mounts:
    return Mounts(tmp_path)


@pytest.fixture
def server() -> Iterator[postgresql.Server]:
    """A server of its own: roles belong to a server, and the keeper drops those that it does not know."""
    with postgresql.server() as running:
        yield running


@pytest.fixture
def owner(server: postgresql.Server) -> Iterator[Engine]:
    engine = create_engine(server.url(names.STORE_DATABASE))
    yield engine
    engine.dispose()


def holders(owner: Engine) -> dict[str, str | None]:
    with owner.connect() as connection:
        return {lane: campaign for lane, campaign in connection.execute(select(Lane.lane, Lane.campaign))}


def logs_in(server: postgresql.Server, campaign: str, password: str) -> bool:
    engine = database(server.url(names.STORE_DATABASE, f"campaign_{campaign}", password), connections=1)
    try:
        with transaction(engine) as connection:
            return connection.scalar(text("SELECT 1")) == 1
    except StoreUnavailable:
        return False
    finally:
        engine.dispose()


def keeper(server: postgresql.Server) -> Keeper:
    return Keeper(server.url(names.STORE_DATABASE), server.url())


@pytest.mark.lab
def test_an_empty_server_becomes_a_store_and_a_second_look_changes_nothing(
    server: postgresql.Server, owner: Engine, mounted: Mounts
) -> None:
    one = keeper(server)
    good, told = program.look(one, mounted.root)
    assert good and len(told) == 4, told
    assert holders(owner) == {"amber": "spring-sale", "birch": None}
    assert logs_in(server, "spring-sale", CANARY) and not logs_in(server, "spring-sale", "another")
    assert program.look(one, mounted.root) == (True, [])
    assert program.look(keeper(server), mounted.root)[0], "a keeper that starts anew finds a store"


@pytest.mark.lab
def test_lanes_change_hands_and_keep_their_counters(server: postgresql.Server, owner: Engine, mounted: Mounts) -> None:
    one = keeper(server)
    program.look(one, mounted.root)
    with owner.begin() as connection:
        record_delivered(connection, "amber", 20_000, 7)
    mounted.leases(amber="newsletter", birch="spring-sale")
    mounted.passwords(**{"spring-sale": "changed", "newsletter": "other"})
    assert program.look(one, mounted.root)[0]
    assert holders(owner) == {"amber": "newsletter", "birch": "spring-sale"}
    assert logs_in(server, "spring-sale", "changed") and not logs_in(server, "spring-sale", CANARY)
    mounted.leases(birch="spring-sale")
    mounted.passwords(**{"spring-sale": "changed"})
    assert program.look(one, mounted.root)[0]
    assert holders(owner) == {"amber": None, "birch": "spring-sale"}, "a lane that is taken away is nobody's"
    assert not logs_in(server, "newsletter", "other"), "a campaign without a lease has no role"
    with owner.connect() as connection:
        assert connection.scalar(select(SendingDay.delivered).where(SendingDay.lane == "amber")) == 7


@pytest.mark.lab
def test_an_old_lane_without_figures_stays_closed_and_says_what_to_do(
    server: postgresql.Server, owner: Engine, mounted: Mounts
) -> None:
    mounted.leases(cobalt="spring-sale", birch="")
    good, told = program.look(keeper(server), mounted.root)
    assert good, "the other lanes are kept all the same"
    (sentence,) = [each for each in told if "cobalt" in each]
    assert "stays closed" in sentence and "lanes.cobalt.adopted" in sentence
    assert "cobalt" not in holders(owner)


def test_a_store_that_is_away_is_told_without_a_secret(mounted: Mounts, tmp_path: Path) -> None:
    nowhere = f"postgresql+psycopg://postgres:{CANARY}@/warmlane?host={tmp_path}"
    good, (told,) = program.look(Keeper(nowhere, nowhere), mounted.root)
    assert not good and "could not be kept" in told and CANARY not in told
    failed = OperationalError("ALTER ROLE x PASSWORD 'canary-password'", {"secret": CANARY}, Exception("it is away"))
    assert program.cause(failed) == "it is away"


@pytest.mark.parametrize(
    ("folder", "name", "content", "text"),
    [
        ("lane-history", "history.json", "{", "lane-history"),
        ("lease-table", "birch", "spring-sale", "two lanes to spring-sale"),
        ("lease-table", "Amber_1", "", "no id of a lane"),
        ("roles", "spring-sale", "\n", "empty password for spring-sale"),
    ],
)
def test_mounts_that_do_not_fit_together_change_nothing(
    mounted: Mounts, folder: str, name: str, content: str, text: str
) -> None:
    mounted.write(folder, name, content)
    with pytest.raises(mounts.MountError, match=text) as caught:
        mounts.read(mounted.root)
    assert CANARY not in str(caught.value)


def test_what_is_not_mounted_is_told(tmp_path: Path) -> None:
    with pytest.raises(mounts.MountError, match="can't be read"):
        mounts.read(tmp_path)


def test_a_password_is_not_shown(mounted: Mounts) -> None:
    assert CANARY not in repr(mounts.read(mounted.root))
