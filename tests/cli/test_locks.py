"""Which locks of the file backend may be cleared."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from cli import locks
from cli.locks import Lock
from cli.outcome import WorldFailed
from cli.stacks import campaign_stack

STACK = campaign_stack("spring-sale", "dev")


def lock(path: Path = Path("lock.json"), host: str = "here", time_: float = 1000.0) -> Lock:
    return Lock(path, 4711, "ops", host, time_)


@pytest.mark.parametrize(
    ("held", "start", "dead"),
    [
        (lock(), 990.0, False),
        (lock(), None, True),
        (lock(), 1010.0, True),
        (lock(), 1001.0, False),
        (lock(host="elsewhere"), None, False),
    ],
    ids=["it runs", "it is gone", "its number is another's now", "within the clock's slack", "on another host"],
)
def test_a_lock_is_dead_only_when_its_process_is_known_to_be_gone(held: Lock, start: float | None, dead: bool) -> None:
    assert locks.is_dead(held, "here", lambda pid: start) is dead


def write(place: Path, name: str, **changes: object) -> Path:
    content = {"pid": 4711, "username": "ops", "hostname": "here", "timestamp": "2026-11-24T11:45:12.180016202Z"}
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.json"
    path.write_text(json.dumps({**content, **changes}))
    return path


def test_dead_locks_are_removed_and_named(tmp_path: Path) -> None:
    path = write(tmp_path, "one")
    assert [found.pid for found in locks.clear_dead(tmp_path, STACK, "here", lambda pid: None)] == [4711]
    assert not path.exists()


def test_a_living_lock_stays_and_is_told_with_what_to_do(tmp_path: Path) -> None:
    dead, living = write(tmp_path, "one"), write(tmp_path, "two", pid=4712)
    with pytest.raises(WorldFailed) as caught:
        locks.clear_dead(tmp_path, STACK, "here", lambda pid: 0.0 if pid == 4712 else None)
    assert living.exists() and dead.exists(), "a stack that somebody holds is left alone"
    assert "ops on here" in caught.value.advice and "kill -INT 4712" in caught.value.advice


def test_a_lock_of_another_host_is_told_with_pulumis_own_command(tmp_path: Path) -> None:
    write(tmp_path, "one", hostname="build-7")
    with pytest.raises(WorldFailed) as caught:
        locks.clear_dead(tmp_path, STACK, "here", lambda pid: None)
    assert "pulumi -C campaigns cancel --yes spring-sale.dev" in caught.value.advice


def test_a_half_written_lock_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"pid": 47')
    assert locks.clear_dead(tmp_path, STACK, "here", lambda pid: None) == []


@pytest.mark.parametrize(
    "timestamp", ["2026-11-24T11:45:12.180016202Z", "2026-11-24T12:45:12.18+01:00", "2026-11-24T11:45:12Z"]
)
def test_times_are_read_as_go_writes_them(tmp_path: Path, timestamp: str) -> None:
    found = locks.parsed(write(tmp_path, "one", timestamp=timestamp))
    assert found is not None and int(found.time) == 1795520712


def test_the_start_of_a_process_is_found_and_its_end_too() -> None:
    process = subprocess.Popen(["sleep", "60"])
    try:
        start = locks.started(process.pid)
        assert start is not None and abs(start - time.time()) < 5
    finally:
        process.kill()
        process.wait()
    assert locks.started(process.pid) is None
    assert locks.started(os.getpid()) is not None


def test_only_a_directory_has_locks_that_can_be_looked_at(tmp_path: Path) -> None:
    expected = tmp_path / ".pulumi/locks/organization/warmlane-campaigns/spring-sale.dev"
    assert locks.directory(f"file://{tmp_path}", STACK) == expected
    assert locks.directory(f"file://{tmp_path}?no_tmp_dir=true", STACK) == expected
    assert locks.directory("s3://bucket", STACK) is None
