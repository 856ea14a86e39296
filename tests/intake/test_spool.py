"""What is on disk outlives the process at every step of writing it; what nobody was told of is gone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from services.intake.spool import Spool, SpoolFull, age

TOKEN = "a" * 48


class Killed(BaseException):
    """The process ends here."""


def killed(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("target", "step", "stands"), [(os, "fsync", False), (Path, "rename", False), (os, "open", True)]
)
def test_killed_while_it_writes_it_has_all_or_nothing(
    tmp_path: Path, target: object, step: str, stands: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, 10**6)
    with monkeypatch.context() as patch:
        if step == "open":
            # The folder's own flush comes after the name is there, and before anybody is told.
            patch.setattr("services.intake.spool._sync", killed)
        else:
            patch.setattr(target, step, killed)
        with pytest.raises(Killed):
            spool.put(TOKEN, b"content", {})
    after = Spool(tmp_path, 10**6)
    assert len(after.waiting()) == int(stands)
    assert list((tmp_path / "incoming").iterdir()) == []
    assert all(after.read(name).content == b"content" for name in after.waiting())


def test_a_disk_that_fails_leaves_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    spool = Spool(tmp_path, 10**6)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            spool.put(TOKEN, b"content", {})
    assert spool.octets == 0 and spool.waiting() == [] and list((tmp_path / "incoming").iterdir()) == []


def test_messages_are_read_as_they_were_put_the_oldest_first(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10**6)
    contents = [b"", b"\n\n", b"\0\xff", b"Subject: x\r\n\r\n" * 100]
    names = [spool.put(TOKEN, content, {"source": "192.0.2.1"}) for content in contents]
    again = Spool(tmp_path, 10**6)
    assert again.waiting() == names
    assert [again.read(name).content for name in names] == contents
    assert {again.read(name).token for name in names} == {TOKEN}


def test_its_room_is_counted_over_starts_and_comes_back(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1000)
    names = [spool.put("", b"x" * 300, {}) for _ in range(2)]
    spool.check_room(for_people=False)
    with pytest.raises(SpoolFull):
        spool.check_room(for_people=True)
    assert spool.keep(names[0], "no-token", "")
    again = Spool(tmp_path, 1000)
    assert again.octets == spool.octets > 600, "what is kept for people takes room, too"
    again.remove(names[1])
    again.check_room(for_people=True)
    assert again.octets < 400


def test_what_is_kept_of_a_token_is_counted_over_starts(tmp_path: Path) -> None:
    kept = []
    for _ in range(5):
        spool = Spool(tmp_path, 10**6)
        kept.append(spool.keep(spool.put(TOKEN, b"junk", {}), "unparseable", TOKEN))
    assert kept == [True] * 3 + [False] * 2
    assert spool.keep(spool.put("", b"a person's", {}), "no-token", ""), "people's mail has no such limit"


def test_a_name_tells_how_long_it_waits(tmp_path: Path) -> None:
    name = Spool(tmp_path, 10**6).put(TOKEN, b"", {})
    assert 0 <= age(name, time.time()) < 60
    assert 3600 <= age(name, time.time() + 3600) < 3660
    assert age(name, 0.0) == 0.0
