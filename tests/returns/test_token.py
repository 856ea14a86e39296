"""Return tokens survive what mail systems do to a local part, and nothing else passes for one."""

from __future__ import annotations

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.returns import token
from warmlane.returns.token import ForgedToken, Side, TokenKeys

OLD, NEW = b"o" * 32, b"n" * 32
KEYS = TokenKeys(NEW, OLD)
ids = st.binary(min_size=token.ID_LENGTH, max_size=token.ID_LENGTH)


@given(ids, st.data())
def test_a_token_is_verified_in_any_case(id_: bytes, data: st.DataObject) -> None:
    text = token.signed(KEYS, id_)
    folded = "".join(data.draw(st.sampled_from((each, each.upper()))) for each in text)
    assert token.verified(KEYS, folded) == id_


@given(ids)
def test_its_local_part_fits_and_is_split_again(id_: bytes) -> None:
    text = token.signed(KEYS, id_)
    for side in Side:
        local = token.local_part(side, text)
        assert len(local) <= 64 and local == local.lower()
        assert token.split(local.upper()) == (side, text.upper())


@given(ids, st.integers(0, token.TEXT_LENGTH - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_one_changed_character_makes_it_forged(id_: bytes, position: int, other: str) -> None:
    text = token.signed(KEYS, id_)
    changed = text[:position] + other + text[position + 1 :]
    if changed == text:
        assert token.verified(KEYS, changed) == id_
    else:
        with pytest.raises(ForgedToken):
            token.verified(KEYS, changed)


@given(st.text(max_size=70) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_any_other_text_is_forged(text: str) -> None:
    with pytest.raises(ForgedToken):
        token.verified(KEYS, text)


@pytest.mark.parametrize("changed", ["{}a", "{} ", "{}=", " {}", "{}\n", "\u212a{}"], ids=repr)
def test_what_is_added_to_a_token_makes_it_forged(changed: str) -> None:
    with pytest.raises(ForgedToken):
        token.verified(KEYS, changed.format(token.signed(KEYS, b"i" * 14)))


@given(ids)
def test_a_rotation_accepts_the_key_before_and_no_earlier_one(id_: bytes) -> None:
    before = token.signed(TokenKeys(OLD), id_)
    assert token.verified(KEYS, before) == id_, "mail that left before the rotation still bounces to us"
    assert token.signed(KEYS, id_) == token.signed(TokenKeys(NEW), id_), "only the new key signs"
    with pytest.raises(ForgedToken):
        token.verified(TokenKeys(NEW), before)


def test_new_tokens_are_of_the_random_octets_they_were_given() -> None:
    asked = list[int]()

    def random(count: int) -> bytes:
        asked.append(count)
        return secrets.token_bytes(count)

    made = {token.new(KEYS, random) for _ in range(1000)}
    assert len(made) == 1000 and set(asked) == {token.ID_LENGTH}
    assert all(token.verified(KEYS, text) == id_ for id_, text in made)


@pytest.mark.parametrize("local", ["", "b", "b-x", "c+x", "bb+x", "+x", "postmaster", "b +x"])
def test_other_local_parts_are_no_return_addresses(local: str) -> None:
    assert token.split(local) is None


def test_an_id_of_another_length_is_not_signed() -> None:
    with pytest.raises(ValueError, match="14 octets, not 3"):
        token.signed(KEYS, b"abc")


def test_mounted_keys_are_read() -> None:
    assert token.parse_keys(json.dumps([NEW.hex(), OLD.hex()])) == KEYS
    assert token.parse_keys(json.dumps([NEW.hex()])) == TokenKeys(NEW)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "[1]", '["zz"]', '["6e6e"]', json.dumps(["6e" * 32] * 3), "[" * 100_000],
    ids=["empty", "object", "none", "number", "no-hex", "short", "three", "nested"],
)
def test_other_files_are_refused_without_telling_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="return token key") as refused:
        token.parse_keys(text)
    assert "6e6e" not in str(refused.value)
    assert "6e6e" not in repr(KEYS) and "nnn" not in repr(KEYS)
