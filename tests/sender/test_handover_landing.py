"""A message lands whole, durable and once, wherever the gate is killed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from services.sender.gate.backoff import STEP, Tried, tried
from services.sender.handover import landing as module
from services.sender.handover import memory, queue_ids
from services.sender.handover.landing import Landed, NoRoom
from services.sender.handover.memory import Memory
from services.sender.handover.sealing import Parcel
from tests.sender.handover_world import Pod, parcel
from tests.sender.kills import STEPS, Killed, killed_at
from tests.sender.release_world import NOW


def test_it_lies_on_hold_with_its_octets_its_time_and_an_id_of_its_own_inode(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "b", tmp_path / "volume")
    given = Parcel(parcel().queue_id, int((NOW + 2 * STEP - 30) * 1e9), parcel().content)
    assert pod.landing.take(given) is Landed.KEPT
    (path,) = (pod.spool / "hold").iterdir()
    found = path.stat()
    assert path.read_bytes() == given.content and found.st_mtime_ns == given.modified_ns
    assert path.name == queue_ids.queue_id(str(queue_ids.moment(given.queue_id)), found.st_ino)
    assert found.st_mode & 0o7777 == 0o700, "Postfix takes another mode for a file that is not complete"
    assert tried(found.st_mtime, NOW) == Tried(2, NOW - 30, NOW - 30), "how often it was tried goes along"
    assert list((pod.spool / "saved").iterdir()) == []


def test_what_was_taken_is_known_also_after_a_restart_and_when_it_has_left(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "b", tmp_path / "volume")
    assert pod.landing.take(parcel()) is Landed.KEPT
    assert pod.landing.take(parcel()) is Landed.KNOWN
    pod.begin()
    assert pod.landing.take(parcel()) is Landed.KNOWN
    (path,) = (pod.spool / "hold").iterdir()
    path.unlink()
    assert pod.landing.take(parcel()) is Landed.KNOWN, "it was delivered"
    (pod.root / "taken").unlink()
    pod.begin()
    assert pod.landing.take(parcel()) is Landed.KEPT, "the control: nobody remembers it"


def test_another_message_of_the_same_moment_is_another(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "b", tmp_path / "volume")
    other = Parcel(parcel().queue_id, parcel().modified_ns, parcel().content + b"x")
    assert [pod.landing.take(each) for each in (parcel(), other)] == [Landed.KEPT, Landed.KEPT]
    assert len(pod.messages()) == 2


def test_what_went_on_to_a_sibling_may_come_back(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "b", tmp_path / "volume")
    pod.landing.take(parcel())
    (path,) = (pod.spool / "hold").iterdir()
    pod.landing.forget(parcel().digest)
    path.unlink()
    pod.begin()
    assert pod.landing.take(parcel()) is Landed.KEPT


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_between_two_steps_loses_nothing_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    pod = Pod(tmp_path / "b", tmp_path / "volume")
    with killed_at(monkeypatch, step) as dead, contextlib.suppress(Killed):
        pod.landing.take(parcel())
    if step == STEPS[-1]:
        assert not dead(), "the last step is beyond the end, or a step between is not tried"
    pod.begin()
    assert pod.landing.take(parcel()) in (Landed.KEPT, Landed.KNOWN)
    assert [content for content, _ in pod.messages()] == [parcel().content]
    assert list((pod.spool / "saved").iterdir()) == [], "what a dead gate was writing is swept"


def test_a_disk_that_is_full_or_fails_keeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pod = Pod(tmp_path / "b", tmp_path / "volume")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fails)
        with pytest.raises(OSError, match="No space"):
            pod.landing.take(parcel())
    assert pod.messages() == [] and list((pod.spool / "saved").iterdir()) == []
    assert pod.landing.take(parcel()) is Landed.KEPT


def test_a_spool_that_is_nearly_full_takes_nothing(tmp_path: Path) -> None:
    pod = Pod(tmp_path / "b", tmp_path / "volume", space_mib=50)
    with pytest.raises(NoRoom, match="of 50 MiB are used, and 50 kept free"):
        pod.landing.take(parcel())
    pod.landing.resize(51)
    assert pod.landing.take(parcel(content=bytes(700_000))) is Landed.KEPT
    with pytest.raises(NoRoom):
        pod.landing.take(parcel(2, content=b"x" * 700_000))


def test_memory_ends_after_an_hour_and_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(memory, "MOST", 3)
    found = Memory(tmp_path / "taken", lambda: now[0])
    for number in range(5):
        found.add(bytes([number]) * 32)
    assert [bytes([number]) * 32 in found for number in range(5)] == [False, False, True, True, True]
    now[0] = memory.KEPT_SECONDS + 1
    assert bytes([4]) * 32 not in found


def test_a_damaged_memory_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "taken"
    path.write_bytes(b"+" + b"ab" * 32 + b"\n\xff\xfe\n+zz\n-\n\n+" + b"cd" * 32)
    found = Memory(path)
    assert b"\xab" * 32 in found and b"\xcd" * 32 in found


def test_the_spool_is_measured_again_after_some_seconds() -> None:
    now, used = [100.0], [0]
    room = module.Room(lambda: used[0], 60 * 1024 * 1024, lambda: now[0])
    room.take(1)
    used[0] = 20 * 1024 * 1024
    room.take(1)
    now[0] += module.MEASURED_EVERY
    with pytest.raises(NoRoom):
        room.take(1)
