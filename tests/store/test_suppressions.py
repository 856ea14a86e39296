"""Suppressions by keyed hash: found by key, in scope, for as long as they hold, and never shortened."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.exc import IntegrityError

from services.store.database import transaction
from services.store.suppressions import ASKED_AT_ONCE, Entry, Kind, Tally, suppress, suppressed, tallies
from services.store.tables import Suppression
from warmlane.recipients.hashing import KeyedHash

NOW = 1_800_000_000
ONE, OTHER = KeyedHash("2026", "aa" * 32), KeyedHash("2026", "bb" * 32)
OLD_KEY = KeyedHash("2025", "aa" * 32)
BOUNCE = Entry(ONE, Kind.HARD_BOUNCE, NOW)


def found(store: Engine, campaign: str = "receipts", now: float = NOW, *hashes: KeyedHash) -> set[KeyedHash]:
    with transaction(store) as connection:
        return suppressed(connection, campaign, hashes or (ONE, OTHER), now)


def add(store: Engine, *entries: Entry) -> None:
    with transaction(store) as connection:
        suppress(connection, entries)


def test_what_is_suppressed_for_the_organisation_is_so_for_every_campaign(store: Engine) -> None:
    add(store, BOUNCE)
    assert found(store, "receipts") == found(store, "newsletter") == {ONE}


def test_what_one_campaign_suppresses_is_mailed_by_the_others(store: Engine) -> None:
    add(store, replace(BOUNCE, campaign="receipts"))
    assert found(store, "receipts") == {ONE}
    assert found(store, "newsletter") == set()


def test_it_holds_until_it_expires(store: Engine) -> None:
    add(store, replace(BOUNCE, expires=NOW + 10))
    assert found(store, now=NOW + 9.9) == {ONE}
    assert found(store, now=NOW + 10) == set()


@pytest.mark.parametrize(("first", "second"), [(NOW + 10, NOW + 99), (NOW + 99, NOW + 10), (None, NOW), (NOW, None)])
def test_adding_it_again_never_shortens_it(store: Engine, first: int | None, second: int | None) -> None:
    add(store, replace(BOUNCE, expires=first))
    add(store, replace(BOUNCE, expires=second))
    longest = None if first is None or second is None else max(first, second)
    assert found(store, now=NOW + 98) == {ONE}
    assert found(store, now=NOW + 10**9) == ({ONE} if longest is None else set())


def test_a_complaint_outlives_a_bounce_that_expires(store: Engine) -> None:
    add(store, Entry(ONE, Kind.COMPLAINT, NOW), replace(BOUNCE, expires=NOW + 1))
    assert found(store, now=NOW + 10**9) == {ONE}


@pytest.mark.parametrize("kind", [Kind.COMPLAINT, Kind.UNSUBSCRIBE])
def test_complaints_and_unsubscribes_can_not_expire(store: Engine, kind: Kind) -> None:
    with pytest.raises(ValueError, match="never expires"):
        Entry(ONE, kind, NOW, expires=NOW + 1)
    row = {"digest": bytes(32), "key_id": "2026", "campaign": "", "kind": kind.value, "expires": NOW, "created": NOW}
    with pytest.raises(IntegrityError), transaction(store) as connection:
        connection.execute(insert(Suppression).values(row))


def test_during_a_rotation_both_keys_are_read(store: Engine) -> None:
    add(store, replace(BOUNCE, hash=OLD_KEY))
    assert found(store, "receipts", NOW, ONE, OLD_KEY) == {OLD_KEY}, "the key's id is part of the question"
    add(store, BOUNCE)
    assert found(store, "receipts", NOW, ONE, OLD_KEY) == {ONE, OLD_KEY}


def test_the_figures_tell_which_keys_are_still_needed(store: Engine) -> None:
    add(store, BOUNCE, replace(BOUNCE, hash=OTHER), replace(BOUNCE, hash=OLD_KEY, campaign="receipts"))
    add(store, Entry(ONE, Kind.UNSUBSCRIBE, NOW))
    with transaction(store) as connection:
        assert tallies(connection) == [
            Tally("2025", "receipts", Kind.HARD_BOUNCE, 1),
            Tally("2026", "", Kind.HARD_BOUNCE, 2),
            Tally("2026", "", Kind.UNSUBSCRIBE, 1),
        ]


def test_many_are_asked_at_once_but_not_a_whole_list(store: Engine) -> None:
    hashes = [KeyedHash("2026", f"{number:064x}") for number in range(ASKED_AT_ONCE + 1)]
    add(store, *(replace(BOUNCE, hash=each) for each in hashes[::2]))
    assert found(store, "receipts", NOW, *hashes[:-1]) == set(hashes[:-1:2])
    with pytest.raises(ValueError, match="1001 hashes"):
        found(store, "receipts", NOW, *hashes)
