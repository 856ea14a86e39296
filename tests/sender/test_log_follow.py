"""Following a log: no line lost, none twice, across rotation and restart."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.sender.log_follow import LogFollower, Position, end_of


def write(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    follower = LogFollower(log)
    assert list(follower.lines()) == [], "no log yet"
    write(log, "one\ntw")
    assert list(follower.lines()) == ["one"]
    write(log, "o\n")
    assert list(follower.lines()) == ["two"]


def test_rotated_file_is_read_to_its_end(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    write(log, "one\n")
    follower = LogFollower(log)
    assert list(follower.lines()) == ["one"]
    log.rename(tmp_path / "mail.log.1")
    write(tmp_path / "mail.log.1", "two\n")
    write(log, "three\n")
    assert list(follower.lines()) == ["two", "three"]


def test_restart_continues_in_the_rotated_file(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    write(log, "one\ntwo\n")
    first = LogFollower(log)
    assert list(first.lines(limit=1)) == ["one"]
    log.rename(tmp_path / "mail.log.1")
    write(log, "three\n")
    assert list(LogFollower(log, first.position).lines()) == ["two", "three"]


def test_lost_position_starts_at_the_oldest_file(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    write(tmp_path / "mail.log.1", "one\n")
    write(log, "two\n")
    assert list(LogFollower(log, Position(inode=1, offset=10)).lines()) == ["one", "two"]


def test_end_is_where_a_restarted_reader_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    assert end_of(log) is None
    write(log, "old\n")
    follower = LogFollower(log, end_of(log))
    write(log, "new\n")
    assert list(follower.lines()) == ["new"]


STEPS = st.lists(st.sampled_from(["write", "rotate", "read", "restart"]), max_size=40)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_every_line_is_seen_once_in_any_order_of_events(tmp_path_factory: object, steps: list[str]) -> None:
    directory = tmp_path_factory.mktemp("log")  # type: ignore[attr-defined]
    log = directory / "mail.log"
    written: list[str] = []
    read: list[str] = []
    follower = LogFollower(log)
    for number, step in enumerate([*steps, "write", "read"]):
        if step == "write":
            written.append(f"line {number}")
            write(log, written[-1] + "\n")
        elif step == "rotate" and log.exists():
            log.rename(directory / f"mail.log.{number:03}")
        elif step == "read":
            read += follower.lines()
        elif step == "restart":
            position = follower.position
            follower.close()
            follower = LogFollower(log, position)
    follower.close()
    assert read == written, f"after {steps}"
