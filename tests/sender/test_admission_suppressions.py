"""The store's suppression list as the gate asks it: batched, never blocking, and unavailable rather than wrong."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from services.sender.gate import suppressions as gate
from services.sender.gate.admission import PASS
from services.sender.gate.suppressions import MountedKeys, Recipients, StoredSuppressions
from services.store.database import StoreUnavailable, database, transaction
from services.store.migrate import upgrade
from services.store.suppression_keys import parse_keys
from services.store.suppressions import ASKED_AT_ONCE, Entry, Kind, suppress
from tests.sender.admission_world import World, request, within
from warmlane.recipients.address import parse
from warmlane.recipients.check import Checker
from warmlane.recipients.hashing import HashKey, KeyRing
from warmlane.recipients.routes import MailRoutes
from warmlane.recipients.suppression import SuppressionUnavailable

OLD, NEW = HashKey("k1", b"o" * 32), HashKey("k2", b"n" * 32)
NOW = 1_800_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    """A migrated store in a file."""
    engine = database(f"sqlite:///{tmp_path}/store.db")
    upgrade(engine)
    yield engine
    engine.dispose()


def stored(engine: Engine, *addresses: str, key: HashKey = NEW, campaign: str = "", expires: int | None = None) -> None:
    with transaction(engine) as connection:
        suppress(connection, [Entry(key.hashed(parse(one)), Kind.MANUAL, NOW, campaign, expires) for one in addresses])


def asked(engine: Engine, run: Callable[[StoredSuppressions], Awaitable[Any]]) -> Any:
    async def inside() -> Any:
        list_ = StoredSuppressions(engine, "spring-sale", clock=lambda: NOW)
        try:
            return await run(list_)
        finally:
            list_.close()

    return within(inside)


def keys_file(directory: Path, *keys: HashKey) -> Path:
    path = directory / "suppression_keys.json"
    fresh = directory / "fresh"
    fresh.write_text(json.dumps([{"id": key.id, "key": key.secret.hex()} for key in keys]))
    fresh.replace(path)
    return path


def test_each_asker_gets_the_answer_about_its_own_recipient(store: Engine) -> None:
    stored(store, *(f"user{number}@shop.test" for number in range(0, 2000, 7)))
    ring = KeyRing(NEW, OLD)

    async def run(list_: StoredSuppressions) -> list[bool]:
        return await asyncio.gather(*(list_.holds(ring.readable(parse(f"user{n}@shop.test"))) for n in range(2000)))

    assert asked(store, run) == [number % 7 == 0 for number in range(2000)]


def test_questions_that_come_together_go_out_in_few_queries(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, real = list[int](), gate.suppressions.suppressed

    def counted(connection: Any, campaign: str, hashes: Sequence[Any], now: float) -> Any:
        sizes.append(len(hashes))
        return real(connection, campaign, hashes, now)

    monkeypatch.setattr(gate.suppressions, "suppressed", counted)

    async def run(list_: StoredSuppressions) -> None:
        await asyncio.gather(*(list_.holds([NEW.hashed(parse(f"u{n}@shop.test"))]) for n in range(1500)))

    asked(store, run)
    assert sum(sizes) == 1500 and len(sizes) <= 6 and max(sizes) <= ASKED_AT_ONCE


def test_another_campaigns_and_expired_suppressions_do_not_count(store: Engine) -> None:
    stored(store, "own@shop.test", campaign="spring-sale")
    stored(store, "other@shop.test", campaign="newsletter")
    stored(store, "past@shop.test", expires=NOW - 1)

    async def run(list_: StoredSuppressions) -> list[bool]:
        addresses = ("own@shop.test", "other@shop.test", "past@shop.test")
        return [await list_.holds([NEW.hashed(parse(one))]) for one in addresses]

    assert asked(store, run) == [True, False, False]


@pytest.mark.parametrize("error", [StoreUnavailable("away"), RuntimeError("permission denied"), ValueError("nonsense")])
def test_whatever_goes_wrong_the_list_is_unavailable_and_then_asked_again(
    store: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real = gate.suppressions.suppressed

    def failing(*arguments: Any) -> Any:
        raise error

    async def run(list_: StoredSuppressions) -> bool:
        monkeypatch.setattr(gate.suppressions, "suppressed", failing)
        results = await asyncio.gather(
            *(list_.holds([NEW.hashed(parse(f"u{n}@shop.test"))]) for n in range(50)), return_exceptions=True
        )
        assert all(isinstance(result, SuppressionUnavailable) for result in results)
        monkeypatch.setattr(gate.suppressions, "suppressed", real)
        return await list_.holds([NEW.hashed(parse("user@shop.test"))])

    stored(store, "user@shop.test")
    assert asked(store, run) is True


def test_who_gave_up_is_not_asked_for_and_holds_nobody_up(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    go, real, sizes = threading.Event(), gate.suppressions.suppressed, list[int]()

    def held(connection: Any, campaign: str, hashes: Sequence[Any], now: float) -> Any:
        go.wait(5)
        sizes.append(len(hashes))
        return real(connection, campaign, hashes, now)

    monkeypatch.setattr(gate.suppressions, "suppressed", held)

    async def run(list_: StoredSuppressions) -> bool:
        busy = [asyncio.ensure_future(list_.holds([NEW.hashed(parse(f"u{n}@shop.test"))])) for n in range(1)]
        await asyncio.sleep(0)
        waiting = [asyncio.ensure_future(list_.holds([NEW.hashed(parse(f"w{n}@shop.test"))])) for n in range(10)]
        last = asyncio.ensure_future(list_.holds([NEW.hashed(parse("user@shop.test"))]))
        await asyncio.sleep(0)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        go.set()
        await asyncio.gather(*busy)
        return await last

    stored(store, "user@shop.test")
    assert asked(store, run) is True and sizes == [1, 1]


def test_too_many_that_wait_make_the_list_unavailable(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "QUESTIONS_WAITING", 3)

    async def run(list_: StoredSuppressions) -> list[Any]:
        return await asyncio.gather(
            *(list_.holds([NEW.hashed(parse(f"u{n}@shop.test"))]) for n in range(8)), return_exceptions=True
        )

    results = asked(store, run)
    assert [result for result in results if result is not False] and all(
        result is False or isinstance(result, SuppressionUnavailable) for result in results
    )


def test_a_rotation_of_the_keys_loses_none(store: Engine, tmp_path: Path) -> None:
    now = [0.0]
    keys = MountedKeys(keys_file(tmp_path, OLD), clock=lambda: now[0])
    stored(store, "before@shop.test", key=OLD)

    async def run(list_: StoredSuppressions) -> None:
        recipients = Recipients(keys, list_)
        assert await recipients.suppressed("Before@shop.test")
        keys_file(tmp_path, NEW, OLD)
        now[0] += 1
        stored(store, "after@shop.test", key=NEW)
        assert await recipients.suppressed("before@SHOP.test") and await recipients.suppressed("after@shop.test")
        assert not await recipients.suppressed("other@shop.test")

    asked(store, run)


@pytest.mark.parametrize(
    "text", ["{", "[]", '[{"id": "k2"}]', '[{"id": "k2", "key": "secret!"}]', '[{"id": "k2", "key": "00"}]']
)
def test_keys_that_can_not_be_used_make_the_list_unavailable(tmp_path: Path, text: str) -> None:
    now = [0.0]
    path = keys_file(tmp_path, NEW)
    keys = MountedKeys(path, clock=lambda: now[0])
    assert keys.ring() == KeyRing(NEW)
    (tmp_path / "broken").write_text(text)
    (tmp_path / "broken").replace(path)
    now[0] += 1
    for _ in range(2):
        with pytest.raises(SuppressionUnavailable) as refused:
            keys.readable(parse("user@shop.test"))
        assert "secret!" not in str(refused.value)
    keys_file(tmp_path, NEW, OLD)
    now[0] += 1
    assert keys.ring() == KeyRing(NEW, OLD)


def test_keys_that_are_not_mounted_make_the_list_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SuppressionUnavailable, match="nothing.json"):
        MountedKeys(tmp_path / "nothing.json").ring()


def test_three_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="one or two keys"):
        parse_keys(json.dumps([{"id": f"k{number}", "key": "00" * 32} for number in range(3)]))


@pytest.mark.parametrize(("deadline", "answers"), [(5.0, True), (0.1, False)], ids=["in time", "too late"])
def test_a_slow_store_never_lets_anybody_pass_unchecked(store: Engine, deadline: float, answers: bool) -> None:
    """As 5 s a statement do against the 8 s of a decision, and less time would."""
    stored(store, "user@shop.test")
    event.listen(store, "before_cursor_execute", lambda *_: time.sleep(0.3))
    ring = KeyRing(NEW, OLD)

    async def run(list_: StoredSuppressions) -> list[str]:
        world = World()
        gatekeeper = world.gatekeeper(checker=Checker(MailRoutes(world), ring, list_), deadline=deadline)
        asked = [gatekeeper.answer(request(who)[:-2]) for who in ("user@shop.test", "other@shop.test")]
        return [action for action, _ in await asyncio.gather(*asked)]

    suppressed, other = asked(store, run)
    if answers:
        assert suppressed.startswith("550 5.7.1") and other == PASS
    else:
        assert suppressed.startswith("451 4.3.0") and other.startswith("451 4.3.0")
