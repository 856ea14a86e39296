"""The reflector's protocol: only its key and this nonce prove an address."""

from __future__ import annotations

import base64
from ipaddress import IPv4Address

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from warmlane import reflection

KEY = Ed25519PrivateKey.generate()
SOURCE = IPv4Address("198.51.100.16")


def test_an_answer_proves_the_address_for_its_nonce() -> None:
    once = reflection.nonce()
    assert reflection.asked(reflection.question(once)) == once
    assert reflection.proven_source(KEY.public_key(), once, reflection.answer(KEY, once, SOURCE)) == SOURCE


def test_an_older_answer_another_key_and_another_address_prove_nothing() -> None:
    once, older = reflection.nonce(), reflection.nonce()
    genuine = reflection.answer(KEY, once, SOURCE)
    moved = genuine.replace(b"198.51.100.16", b"198.51.100.17")
    for line in (
        reflection.answer(KEY, older, SOURCE),
        reflection.answer(Ed25519PrivateKey.generate(), once, SOURCE),
        moved,
    ):
        with pytest.raises(reflection.ReflectionError, match="not signed"):
            reflection.proven_source(KEY.public_key(), once, line)


@given(st.binary(max_size=reflection.LONGEST_LINE))
def test_garbage_is_neither_a_question_nor_an_answer(line: bytes) -> None:
    with pytest.raises(reflection.ReflectionError):
        reflection.asked(line)
    with pytest.raises(reflection.ReflectionError):
        reflection.proven_source(KEY.public_key(), "0" * 32, line)


@given(st.ip_addresses(v=4))
def test_every_address_fits_into_a_line(source: IPv4Address) -> None:
    assert len(reflection.answer(KEY, reflection.nonce(), source)) <= reflection.LONGEST_LINE


def test_a_public_key_is_read_from_base64() -> None:
    text = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
    assert reflection.public_key(text) == KEY.public_key()
    with pytest.raises(ValueError):
        reflection.public_key(text[:-8])
