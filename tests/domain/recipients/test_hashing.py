"""Keyed hashes: what is stored instead of an address, also while a key is rotated."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from warmlane.recipients.address import parse
from warmlane.recipients.hashing import HashKey, KeyRing

OLD, NEW = HashKey("k1", b"o" * 32), HashKey("k2", b"n" * 32)


def test_the_hash_is_hmac_sha_256_of_the_canonical_address() -> None:
    expected = hmac.new(b"o" * 32, b"user@xn--bcher-kva.example", hashlib.sha256).hexdigest()
    assert OLD.hashed(parse("User@BÜCHER.example")) == ("k1", expected)


def test_a_rotation_loses_nobody() -> None:
    recipient = parse("user@shop.example")
    stored = KeyRing(OLD).written(recipient)
    during = KeyRing(NEW, previous=OLD)
    assert stored in during.readable(recipient)
    assert during.written(recipient) == during.readable(recipient)[0] == NEW.hashed(recipient)
    assert stored not in KeyRing(NEW).readable(recipient), "after the rotation the old key reads nothing"


def test_a_key_does_not_show_its_secret() -> None:
    assert "ooo" not in repr(KeyRing(OLD))


@pytest.mark.parametrize(("key_id", "secret"), [("", b"x" * 32), ("K1", b"x" * 32), ("k 1", b"x" * 32), ("k1", b"x")])
def test_a_key_that_can_not_be_used_is_refused(key_id: str, secret: bytes) -> None:
    with pytest.raises(ValueError, match="not allowed|at least 32"):
        HashKey(key_id, secret)


def test_two_keys_need_two_ids() -> None:
    with pytest.raises(ValueError, match="an id of its own"):
        KeyRing(OLD, HashKey("k1", b"x" * 32))
