"""The gate's reading of the mirror, on a mount that changes as kubelet changes one."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.sender.gate.held import FREE, HoldMirror
from warmlane.hold import KEY, Level, Record, ended


def text(sequence: int, level: Level = Level.QUARANTINED, throttle: str = "0") -> str:
    since = datetime(2026, 11, 24, 18, tzinfo=UTC)
    return Record(level=level, sequence=sequence, reason="Blocked.", by="ops", since=since, throttle=throttle).text()


class Mount:
    """A ConfigMap's volume: the file is a link into a directory that is replaced as a whole."""

    def __init__(self, place: Path) -> None:
        self.place, self.versions = place, 0

    def holds(self, content: str | bytes | None) -> None:
        self.versions += 1
        data = self.place / f"..version_{self.versions}"
        data.mkdir()
        if content is not None:
            (data / KEY).write_bytes(content if isinstance(content, bytes) else content.encode())
        (self.place / "..new").symlink_to(data.name)
        os.replace(self.place / "..new", self.place / "..data")
        link = self.place / KEY
        if content is None:
            link.unlink(missing_ok=True)
        elif not link.is_symlink():
            link.symlink_to(f"..data/{KEY}")


@pytest.fixture
def mount(tmp_path: Path) -> Mount:
    return Mount(tmp_path)


@pytest.fixture
def mirror(tmp_path: Path) -> HoldMirror:
    return HoldMirror(tmp_path)


def test_what_never_was_there_holds_nothing(tmp_path: Path, mirror: HoldMirror) -> None:
    assert mirror.read() == FREE and mirror.stands() is None
    assert HoldMirror(tmp_path / "absent").read() == FREE, "without feedback the mount may be missing"


def test_a_hold_a_throttle_and_a_release_follow_each_other(mount: Mount, mirror: HoldMirror) -> None:
    mount.holds(text(1))
    assert mirror.stands() == "Blocked." and mirror.read().throttle == 0.0
    mount.holds(text(2, Level.THROTTLED, "0.25"))
    assert mirror.stands() is None and mirror.read().throttle == 0.25
    mount.holds(text(3, Level.RETIRED))
    assert mirror.read().level == "retired" and mirror.stands() is not None
    mount.holds(text(4, Level.NONE, "1"))
    assert mirror.stands() is None and mirror.read().throttle == 1.0 and mirror.read().sequence == 4


@pytest.mark.parametrize("content", ["", "{", b"\xff\xfe", text(2).replace("quarantined", "paused")])
def test_what_can_not_be_read_stands(mount: Mount, mirror: HoldMirror, content: str | bytes) -> None:
    mount.holds(content)
    assert mirror.stands() is not None, "nobody releases a hold by damaging it"
    assert "warmlane release" in mirror.read().reason
    mount.holds(text(2, Level.NONE, "1"))
    assert mirror.stands() is None, "a sound mirror counts again"


def test_a_directory_in_its_place_stands(tmp_path: Path, mirror: HoldMirror) -> None:
    (tmp_path / KEY).mkdir()
    assert mirror.stands() is not None


def test_an_older_mirror_than_one_seen_stands(mount: Mount, mirror: HoldMirror) -> None:
    mount.holds(text(5))
    assert mirror.stands() is not None
    mount.holds(text(4, Level.NONE, "1"))
    assert "older (4) than one seen before (5)" in (mirror.stands() or ""), "an old release must not end a new hold"
    assert mirror.read().sequence == 5
    mount.holds(text(6, Level.NONE, "1"))
    assert mirror.stands() is None


def test_a_mirror_that_vanishes_stands(mount: Mount, mirror: HoldMirror) -> None:
    mount.holds(text(5, Level.NONE, "1"))
    assert mirror.stands() is None
    mount.holds(None)
    assert "vanished" in (mirror.stands() or ""), "who deletes the mirror does not release the hold"
    mount.holds(text(5, Level.NONE, "1"))
    assert mirror.stands() is None


def test_a_mirror_without_its_key_stands_also_for_a_gate_that_has_just_started(
    tmp_path: Path, mirror: HoldMirror
) -> None:
    (tmp_path / "..data").mkdir()
    assert mirror.stands() is None, "so the kubelet mounts a ConfigMap that is not there"
    (tmp_path / "hold.yaml").write_text(text(1))
    assert f"has no {KEY}" in (mirror.stands() or "")
    assert HoldMirror(tmp_path / "nothing").stands() is None


def test_an_unchanged_mirror_is_read_once(mount: Mount, mirror: HoldMirror, monkeypatch: pytest.MonkeyPatch) -> None:
    mount.holds(text(1))
    mirror.read()
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("it was read again without a change"))
    assert all(mirror.read().stands for _ in range(1000))


def test_the_mirror_tells_how_long_earlier_holds_stood(mount: Mount, mirror: HoldMirror) -> None:
    begin, end = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 11, tzinfo=UTC)
    assert mirror.stood(begin.timestamp(), end.timestamp()) == 0
    released = Record.model_validate_json(text(1, Level.NONE, "1"))
    mount.holds(released.model_copy(update={"stood": ended((), begin, end)}).text())
    assert mirror.stood(begin.timestamp() + 86_400, end.timestamp()) == 9 * 86_400
