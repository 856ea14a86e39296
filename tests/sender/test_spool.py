"""Queue files: whatever lies in the spool is understood or refused by one error, and moved in one step."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sender.gate.spool import Envelope, QueueFileError, Spool, read_envelope
from tests.sender.release_world import NOW, queue_file, record

ADDRESS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=320)


@given(st.lists(ADDRESS, max_size=3), ADDRESS | st.just(""), st.integers(0, 2**33))
def test_an_envelope_is_read_as_it_was_written(recipients: list[str], sender: str, arrived: int) -> None:
    file = io.BytesIO(queue_file(*recipients, sender=sender, arrived=arrived))
    assert read_envelope(file) == Envelope(arrived, sender, tuple(recipients))


@given(st.binary(max_size=400))
def test_garbage_is_refused_by_one_error(data: bytes) -> None:
    for start in (b"", queue_file("a@b.test")[:120]):
        try:
            read_envelope(io.BytesIO(start + data))
        except QueueFileError as error:
            assert str(error)


@given(st.data())
def test_a_damaged_file_is_refused_or_read_but_never_breaks_the_gate(data: st.DataObject) -> None:
    whole = bytearray(queue_file("somebody@alder.test"))
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(QueueFileError):
        read_envelope(io.BytesIO(whole))


@given(st.integers(0, 200))
def test_a_file_that_ends_within_its_envelope_is_refused(length: int) -> None:
    whole = queue_file("somebody@alder.test")
    envelope_end = whole.index(b"M\0N")
    with pytest.raises(QueueFileError):
        read_envelope(io.BytesIO(whole[: min(length, envelope_end)]))


def test_delivered_recipients_are_not_in_the_envelope() -> None:
    done = queue_file("a@b.test").replace(record(b"R", b"a@b.test"), record(b"D", b"a@b.test"))
    assert read_envelope(io.BytesIO(done)).recipients == ()


def test_a_record_at_the_files_end_is_followed_and_a_circle_ends() -> None:
    head = record(b"C", b"%15d" % 0) + record(b"T", b"%d 0" % NOW) + record(b"S", b"s@a.test")
    pointer = len(record(b"p", b"%15d" % 0))
    back = len(head) + pointer
    rest = record(b"M", b"")
    tail_at = back + len(rest)
    file = head + record(b"p", b"%15d" % tail_at) + rest + record(b"R", b"late@b.test") + record(b"p", b"%15d" % back)
    assert read_envelope(io.BytesIO(file)).recipients == ("late@b.test",)
    circle = head + record(b"p", b"%15d" % len(head))
    with pytest.raises(QueueFileError, match="records"):
        read_envelope(io.BytesIO(circle))


@pytest.mark.parametrize(
    "data", [record(b"C", b"1") + b"T\xff\xff\xff\xff\x01", record(b"C", b"1") + b"T\xff\xff\xff\x7f", b"S\x01a"]
)
def test_lengths_and_beginnings_that_no_queue_file_has(data: bytes) -> None:
    with pytest.raises(QueueFileError):
        read_envelope(io.BytesIO(data))


def spool(root: Path) -> Spool:
    for queue in ("hold", "incoming", "deferred/A", "defer/A"):
        (root / queue).mkdir(parents=True)
    return Spool(root)


def put(path: Path, mode: int = 0o700) -> Path:
    path.write_bytes(queue_file("a@b.test"))
    path.chmod(mode)
    return path


def test_files_are_listed_when_complete_and_in_hashed_folders(tmp_path: Path) -> None:
    found = spool(tmp_path)
    put(tmp_path / "hold/4jYsJS5nbPz1lXvF")
    put(tmp_path / "hold/4jYsJS5nbPz1lXvG", 0o600)
    put(tmp_path / "deferred/A/4jYsJS5nbPz1lXvH")
    assert [file.queue_id for file in found.files("hold")] == ["4jYsJS5nbPz1lXvF"], "the other is being written"
    assert [file.queue_id for file in found.files("deferred")] == ["4jYsJS5nbPz1lXvH"]
    assert found.files("active") == []


def test_moving_stamps_and_happens_once(tmp_path: Path) -> None:
    found = spool(tmp_path)
    put(tmp_path / "deferred/A/4jYsJS5nbPz1lXvH")
    (file,) = found.files("deferred")
    moved = found.move(file, "incoming", 1_000.0)
    assert moved is not None and moved.modified == os.stat(tmp_path / "incoming/4jYsJS5nbPz1lXvH").st_mtime == 1_000
    assert found.move(file, "incoming", 1_000.0) is None, "somebody else was first"
    assert found.stamp(file, 1.0) is None and found.envelope(file) is None and not found.delete(file)


def test_deleting_takes_the_log_of_deferrals_along(tmp_path: Path) -> None:
    found = spool(tmp_path)
    put(tmp_path / "deferred/A/4jYsJS5nbPz1lXvH")
    log = put(tmp_path / "defer/A/4jYsJS5nbPz1lXvH", 0o600)
    (file,) = found.files("deferred")
    assert found.delete(file)
    assert not log.exists() and found.files("deferred") == []


def test_state_changes_with_what_a_queue_holds(tmp_path: Path) -> None:
    found = spool(tmp_path)
    os.utime(tmp_path / "deferred/A", (1, 1))
    before = found.state("deferred")
    assert found.state("deferred") == before
    put(tmp_path / "deferred/A/4jYsJS5nbPz1lXvH")
    assert found.state("deferred") != before
    assert found.state("none") == ()


def test_without_postfix_nobody_is_woken(tmp_path: Path) -> None:
    assert not spool(tmp_path).wake()
