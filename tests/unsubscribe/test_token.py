"""The token of an unsubscribe: what was signed comes back, and nothing else does."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane import names
from warmlane.recipients.hashing import KeyedHash
from warmlane.store_access import suppression_keys, unsubscribe_key, unsubscribe_roots
from warmlane.unsubscribe import LONGEST, Request, TokenKey, TokenRefused, parse_key, parse_roots, read, token

STORE_KEY = "a store's key"
ROOTS = parse_roots(unsubscribe_roots(STORE_KEY, ["2", "1"]))
KEY = parse_key(unsubscribe_key(STORE_KEY, "2", "spring-sale"))
ASKED = Request("spring-sale", KeyedHash("2", "ab" * 32))
TOKEN = token(KEY, ASKED)


@given(
    st.from_regex(names.ID_PATTERN, fullmatch=True, alphabet=st.characters(codec="ascii")).filter(
        lambda id_: len(id_) <= names.ID_LENGTH
    ),
    st.sampled_from(["1", "2"]),
    st.binary(min_size=32, max_size=32),
)
def test_what_was_signed_comes_back(campaign: str, key_id: str, digest: bytes) -> None:
    request = Request(campaign, KeyedHash(key_id, digest.hex()))
    made = token(parse_key(unsubscribe_key(STORE_KEY, key_id, campaign)), request)
    assert read(ROOTS, made) == request
    assert len(made) <= LONGEST


def test_the_longest_token_fits() -> None:
    campaign, key_id = "a" * names.ID_LENGTH, "k" * 32
    made = token(
        parse_key(unsubscribe_key(STORE_KEY, key_id, campaign)), Request(campaign, KeyedHash(key_id, "ab" * 32))
    )
    assert len(made) == 143
    assert read(parse_roots(unsubscribe_roots(STORE_KEY, [key_id])), made).campaign == campaign


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_one_altered_character_is_refused(position: int) -> None:
    for other in ("A", "b", "_", "-", "9", "=", " ", "é"):
        if other != TOKEN[position]:
            with pytest.raises(TokenRefused):
                read(ROOTS, TOKEN[:position] + other + TOKEN[position + 1 :])


def test_every_spelling_but_one_is_refused() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    key = parse_key(unsubscribe_key(STORE_KEY, "2", "newsletter"))
    made = token(key, Request("newsletter", ASKED.hash))
    octets = _octets(made)
    same = [made[:-1] + last for last in alphabet if _octets(made[:-1] + last) == octets]
    assert len(same) > 1, "this token's last character has bits to spare"
    assert [text for text in same if _taken(text)] == [made]


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _taken(text: str) -> bool:
    try:
        read(ROOTS, text)
    except TokenRefused:
        return False
    return True


@given(st.text(max_size=200) | st.binary(max_size=130).map(lambda octets: base64.urlsafe_b64encode(octets).decode()))
def test_nothing_else_is_taken(text: str) -> None:
    assert not _taken(text) and not _taken(text.rstrip("="))


@given(st.binary(max_size=120))
def test_nothing_is_taken_that_begins_as_a_token_does(rest: bytes) -> None:
    assert not _taken(base64.urlsafe_b64encode(bytes([1, 1]) + b"2" + rest).decode().rstrip("="))


def test_no_campaign_makes_tokens_of_another() -> None:
    forged = token(KEY, Request("newsletter", ASKED.hash))
    assert not _taken(forged)


def test_a_key_out_of_use_is_refused_and_the_one_before_is_read() -> None:
    old = token(
        parse_key(unsubscribe_key(STORE_KEY, "1", "spring-sale")), Request("spring-sale", KeyedHash("1", "ab" * 32))
    )
    assert _taken(old)
    with pytest.raises(TokenRefused):
        read(parse_roots(unsubscribe_roots(STORE_KEY, ["3", "2"])), old)


def test_the_token_and_the_hash_are_of_one_key_id() -> None:
    with pytest.raises(ValueError, match="hashed under key 1"):
        token(KEY, Request("spring-sale", KeyedHash("1", "ab" * 32)))


def test_a_token_tells_no_key_and_keys_differ_by_purpose() -> None:
    hashing = {row["key"] for row in json.loads(suppression_keys(STORE_KEY, ["2", "1"]))}
    assert len(hashing | set(ROOTS.values()) | {KEY.secret.hex()}) == 5
    assert KEY.secret.hex() not in repr(KEY)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "[1]", '[{"id": "1"}]', '[{"id": "1", "key": "zz"}]', '[{"id": "1", "key": "ab"}]', "[" * 9999],
)
def test_keys_that_can_not_be_used_are_told_without_showing_them(text: str) -> None:
    with pytest.raises(ValueError, match="unsubscribe key") as refused:
        parse_roots(text)
    assert "zz" not in str(refused.value)


def test_a_key_has_an_id_that_can_be_stored() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        TokenKey("Key 1", b"x" * 32)
