"""What the keeper makes of a person's request about suppressions."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from services.store import suppressing
from services.store.database import transaction
from services.store.suppressing import answer
from services.store.suppressions import suppressed
from warmlane.recipients.address import parse
from warmlane.recipients.hashing import HashKey, KeyRing

KEYS = KeyRing(HashKey("k2", b"n" * 32), HashKey("k1", b"o" * 32))
NOW = 1_800_000_000
ADD = {"do": "add", "kind": "manual", "campaign": "", "expires": None}


def stopped(store: Engine, address: str, campaign: str = "receipts", now: int = NOW) -> bool:
    with transaction(store) as connection:
        return bool(suppressed(connection, campaign, KEYS.readable(parse(address)), now))


def test_added_addresses_are_stopped_in_every_spelling_and_the_rest_is_told(store: Engine) -> None:
    request = {**ADD, "addresses": ["User@Bücher.test", "no address", "user@shop.test"]}
    said = answer(store, KEYS, request, NOW)
    assert said["stored"] == 2 and [row["position"] for row in said["refused"]] == [1]
    assert stopped(store, "uSER@xn--bcher-kva.test") and stopped(store, "user@shop.test")
    assert not stopped(store, "other@shop.test")


def test_an_addition_has_its_campaign_and_its_end(store: Engine) -> None:
    answer(store, KEYS, {**ADD, "addresses": ["user@shop.test"], "campaign": "receipts", "expires": NOW + 9}, NOW)
    assert stopped(store, "user@shop.test") and not stopped(store, "user@shop.test", "newsletter")
    assert not stopped(store, "user@shop.test", now=NOW + 9)


def test_what_is_told_of_the_list_is_figures(store: Engine) -> None:
    answer(store, KEYS, {**ADD, "addresses": ["a@shop.test", "b@shop.test", "A@shop.test"]}, NOW)
    said = answer(store, KEYS, {"do": "list"}, NOW)
    assert said == {"tallies": [{"key_id": "k2", "campaign": "", "kind": "manual", "count": 2}]}


@pytest.mark.parametrize("request_", [{**ADD, "kind": "complaint", "expires": NOW + 9}, {**ADD, "kind": "whim"}])
def test_what_can_not_be_is_refused_and_nothing_is_stored(store: Engine, request_: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        answer(store, KEYS, {**request_, "addresses": ["user@shop.test"]}, NOW)
    assert not stopped(store, "user@shop.test")


def test_a_store_that_is_away_is_told_without_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "suppression_keys.json"
    keys.write_text(json.dumps([{"id": "k2", "key": "6e" * 32}]))
    away = create_engine(f"sqlite:///{tmp_path}/no/such/folder/store.db")
    monkeypatch.setattr(suppressing, "database", lambda url, connections: away)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({**ADD, "addresses": ["user@shop.test"]})))
    suppressing.main([str(keys)])
    said = capsys.readouterr().out
    assert json.loads(said)["error"].startswith("StoreUnavailable") and "user" not in said
