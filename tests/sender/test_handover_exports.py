"""The volume of what no sibling took: each message is taken in once, by one pod, after it is durable there."""

from __future__ import annotations

import contextlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.sender.handover import exports as module
from services.sender.handover.exports import Exports
from services.sender.handover.sealing import ON_VOLUME, seal
from tests.sender.handover_world import CAMPAIGN, KEY, Pod, parcel
from tests.sender.kills import Killed, killed_at


@pytest.fixture
def pods(tmp_path: Path) -> tuple[Pod, Pod]:
    """Two that start, and five messages on the volume."""
    found = Pod(tmp_path / "a", tmp_path / "volume"), Pod(tmp_path / "b", tmp_path / "volume")
    for number in range(5):
        found[0].exports.write(parcel(number))
    return found


def take_in(pod: Pod) -> None:
    pod.exports.take_in(pod.landing, pod.tally, pod.said.append)


def test_nothing_of_a_message_can_be_read_on_the_volume(pods: tuple[Pod, Pod]) -> None:
    for path in pods[0].exports.waiting():
        assert b"alder" not in path.read_bytes()


def test_two_pods_that_start_at_once_share_what_lies_there(pods: tuple[Pod, Pod]) -> None:
    for number in range(5, 60):
        pods[0].exports.write(parcel(number))
    with ThreadPoolExecutor(2) as both:
        list(both.map(take_in, pods))
    contents = [content for pod in pods for content, _ in pod.messages()]
    assert sorted(contents) == sorted(parcel(number).content for number in range(60))
    assert pods[0].tally.imported + pods[1].tally.imported == 60 and pods[0].exports.waiting() == []


@pytest.mark.parametrize("step", range(40))
def test_a_pod_that_is_killed_while_it_takes_in_loses_and_doubles_nothing(
    pods: tuple[Pod, Pod], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    starts, _ = pods
    with killed_at(monkeypatch, step), contextlib.suppress(Killed):
        take_in(starts)
    starts.begin()
    take_in(starts)
    assert [content for content, _ in starts.messages()] == sorted(parcel(number).content for number in range(5))
    assert starts.exports.waiting() == []


def test_what_a_living_pod_has_claimed_is_left_to_it_and_a_dead_ones_is_taken(pods: tuple[Pod, Pod]) -> None:
    one, two = pods
    first = one.exports.waiting()[0]
    with module._claimed(first) as file:
        assert file is not None
        take_in(two)
        assert len(two.messages()) == 4 and first.exists()
    take_in(two)
    assert len(two.messages()) == 5 and not first.exists()


@pytest.mark.parametrize("step", range(8))
def test_a_pod_that_is_killed_while_it_writes_leaves_nothing_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    pod = Pod(tmp_path / "a", tmp_path / "volume")
    with killed_at(monkeypatch, step), contextlib.suppress(Killed):
        pod.exports.write(parcel())
    pod.exports.write(parcel())
    take_in(pod)
    assert [content for content, _ in pod.messages()] == [parcel().content]


def test_files_that_are_not_this_campaigns_stay_and_are_counted(pods: tuple[Pod, Pod], tmp_path: Path) -> None:
    pod, volume = pods[0], tmp_path / "volume"
    (volume / "x.mail").write_bytes(b"garbage")
    (volume / "y.mail").write_bytes(b"".join(seal(parcel(9), KEY, CAMPAIGN, b"a greeting")))
    (volume / "lost+found").mkdir()
    Exports(volume, "newsletter", lambda: KEY).write(parcel(8))
    for _ in range(2):
        take_in(pod)
    assert (len(pod.messages()), pod.tally.stranded, len(pod.exports.waiting())) == (5, 3, 3)
    assert sum("can't be opened" in text for text in pod.said) == 3, "each is told once"
    assert ON_VOLUME not in (volume / "y.mail").read_bytes()


def test_a_full_spool_leaves_them_there(pods: tuple[Pod, Pod]) -> None:
    pod = pods[0]
    pod.landing.resize(1)
    take_in(pod)
    assert (len(pod.messages()), len(pod.exports.waiting())) == (0, 5)
    assert any("waits there: 0 of 1 MiB" in text for text in pod.said)
    pod.landing.resize(10_000)
    take_in(pod)
    assert len(pod.messages()) == 5


def test_a_pod_that_is_told_to_stop_takes_no_more(pods: tuple[Pod, Pod]) -> None:
    looks = iter([False, False, True])
    pods[0].exports.take_in(pods[0].landing, pods[0].tally, pods[0].said.append, lambda: next(looks))
    assert (len(pods[0].messages()), len(pods[0].exports.waiting())) == (2, 3)


def test_what_a_dead_pod_was_writing_is_swept_after_an_hour(pods: tuple[Pod, Pod], tmp_path: Path) -> None:
    young, old = (tmp_path / "volume" / f"{name}.unfinished" for name in ("young", "old"))
    for path in (young, old):
        path.touch()
    os.utime(old, (time.time() - 4000, time.time() - 4000))
    take_in(pods[0])
    assert young.exists() and not old.exists()


def test_no_volume_is_no_messages(tmp_path: Path) -> None:
    assert Exports(tmp_path / "none", CAMPAIGN, lambda: KEY).waiting() == []
