"""A sealed message opens under its key, campaign and place alone, whatever octets come."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sender.handover import queue_ids, sealing
from services.sender.handover.sealing import KeyUnavailable, Parcel, Unsealable, mounted_key, seal, unseal
from tests.sender.handover_world import CAMPAIGN, KEY

IDS = st.text("".join(chr(c) for c in range(48, 58)) + "BCDFGHz", min_size=1, max_size=64)
PLACE = b"a greeting and a number"


@given(IDS, st.integers(-(2**62), 2**62), st.binary(max_size=500), st.binary(max_size=40))
def test_what_is_sealed_opens_as_it_was(queue_id: str, modified: int, content: bytes, place: bytes) -> None:
    parcel = Parcel(queue_id, modified, content)
    sealed = b"".join(seal(parcel, KEY, CAMPAIGN, place))
    assert unseal(sealed, KEY, CAMPAIGN, place) == parcel
    assert len(content) < 8 or content not in sealed


@pytest.mark.parametrize(
    ("key", "campaign", "place"),
    [(b"o" * 32, CAMPAIGN, PLACE), (KEY, "newsletter", PLACE), (KEY, CAMPAIGN, b"another"), (KEY, CAMPAIGN, b"")],
    ids=["another key", "another campaign", "another place", "no place"],
)
def test_nothing_opens_elsewhere(key: bytes, campaign: str, place: bytes) -> None:
    sealed = b"".join(seal(Parcel("4jY1", 5, b"content"), KEY, CAMPAIGN, PLACE))
    assert unseal(sealed, KEY, CAMPAIGN, PLACE).content == b"content"
    with pytest.raises(Unsealable, match="has not sealed it for here"):
        unseal(sealed, key, campaign, place)


@given(st.data())
def test_a_changed_or_cut_one_is_refused(data: st.DataObject) -> None:
    sealed = bytearray(b"".join(seal(Parcel("4jY1", 5, b"content"), KEY, CAMPAIGN, PLACE)))
    at = data.draw(st.integers(0, len(sealed) - 1))
    if data.draw(st.booleans()):
        del sealed[at:]
    else:
        sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unsealable):
        unseal(sealed, KEY, CAMPAIGN, PLACE)


@given(st.binary(max_size=200), st.booleans())
def test_garbage_is_refused_by_one_error(garbage: bytes, marked: bool) -> None:
    with pytest.raises(Unsealable):
        unseal((sealing.MAGIC if marked else b"") + garbage, KEY, CAMPAIGN, PLACE)


def test_a_message_that_is_too_large_is_neither_sealed_nor_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    fits = Parcel("4jY1", 5, b"x" * 100)
    sealed = b"".join(seal(fits, KEY, CAMPAIGN, PLACE))
    monkeypatch.setattr(sealing, "LARGEST_FILE", 99)
    with pytest.raises(ValueError, match="has 100 octets, 99 are allowed"):
        seal(fits, KEY, CAMPAIGN, PLACE)
    monkeypatch.setattr(sealing, "LARGEST", len(sealed) - 1)
    with pytest.raises(Unsealable, match="larger than"):
        unseal(sealed, KEY, CAMPAIGN, PLACE)


def test_the_largest_file_fits_into_what_a_sibling_takes() -> None:
    head, body = seal(Parcel("z" * 64, 5, bytes(sealing.LARGEST_FILE)), KEY, CAMPAIGN, PLACE)
    assert len(head) + len(body) <= sealing.LARGEST


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31, "ab" * 33])
def test_a_key_that_can_not_be_used_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "handover_key"
    with pytest.raises(KeyUnavailable, match="handover_key"):
        mounted_key(path)
    path.write_text(text)
    with pytest.raises(KeyUnavailable, match="handover_key"):
        mounted_key(path)
    path.write_text("ab" * 32 + "\n")
    assert mounted_key(path) == b"\xab" * 32


@given(st.floats(0, 2**33), st.integers(1, 2**63))
def test_a_queue_id_tells_its_moment(arrived: float, inode: int) -> None:
    came = queue_ids.moment_of(arrived)
    assert queue_ids.moment(queue_ids.queue_id(came, inode)) == came


def test_ids_are_those_that_postfix_gives() -> None:
    assert queue_ids.moment("4jYvnw6n02z1l8rB") == "4jYvnw6n02"
    assert queue_ids.moment_of(1_795_552_820.123_456).startswith("4jYvnw")


@given(st.text(max_size=30))
def test_other_names_have_no_moment(text: str) -> None:
    with contextlib.suppress(AssertionError):
        assert queue_ids.moment(text) is None or "z" in text
    assert queue_ids.moment(text) is None or len(text) > 10
