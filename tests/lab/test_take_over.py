"""A clone takes the machine's lab from another one that lives: over stand-ins of the lab's parts, then in earnest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab import lifecycle, settings, toolchain
from lab.network import topology
from lab.node import confines, holder, processes
from lab.node.bringup import Bringup
from lab.node.holder import Holder
from lab.node.processes import Started
from tests.clone import copied


@pytest.fixture
def living() -> Iterator[Started]:
    """A process that runs on until it is ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        ticks = processes.start_ticks(child.pid)
        assert ticks is not None
        yield Started(child.pid, ticks)


def test_what_the_other_clone_started_is_ended_before_anything_of_this_one_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, living: Started
) -> None:
    record = tmp_path / "state" / "holder.json"
    record.parent.mkdir()
    (record.parent / "etcd").touch()
    Holder("/elsewhere/warmlane", holder.boot_id(), 0.0, {"etcd": living}).save(record)
    steps: list[str] = []
    started: list[bool] = []
    monkeypatch.setattr(holder.read, "__defaults__", (record,))
    monkeypatch.setattr(Holder.save, "__defaults__", (record,))
    monkeypatch.setattr(holder, "_LOCK", f"\0warmlane-test-{os.getpid()}")
    monkeypatch.setattr(settings, "STATE", record.parent)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(confines, "kill_members", lambda: steps.append("members killed"))
    monkeypatch.setattr(confines, "delete", lambda: steps.append("mounts and cgroups deleted"))
    monkeypatch.setattr(topology, "delete", lambda: steps.append("network deleted"))
    monkeypatch.setattr(lifecycle, "address_conflicts", list)
    monkeypatch.setattr(toolchain, "ensure", lambda report: None)
    monkeypatch.setattr(Bringup, "run", lambda bringup: started.append(processes.alive(living)))
    monkeypatch.setenv(settings.REQUIRE_LAB, "1")

    lifecycle.up(steps.append)

    assert steps == [
        "taking the lab over from /elsewhere/warmlane",
        "clearing away an earlier lab: it is of /elsewhere/warmlane",
        "members killed",
        "mounts and cgroups deleted",
        "network deleted",
    ]
    assert started == [False], "the other lab's process still ran when this one's were started"
    found = holder.read()
    assert found is not None and found.repository == str(settings.REPOSITORY) and not found.processes
    assert [path.name for path in record.parent.iterdir()] == ["holder.json"], (
        "nothing of the other's state may be read"
    )


class Clone:
    """A copy of this clone's files; its commands run in this clone's virtual environment."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        copied(directory)

    def lab(self, verb: str, required: str = "") -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONPATH": str(self.directory), settings.REQUIRE_LAB: required}
        command = [sys.executable, "-c", "from cli.main import run; run()", "lab", verb]
        return subprocess.run(command, cwd=self.directory, env=variables, capture_output=True, text=True, timeout=400)


@pytest.mark.lab
@pytest.mark.last
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("lab")
def test_another_clone_takes_the_living_lab_only_by_up_and_only_when_it_must_have_it(
    tmp_path: Path, progress: Callable[[str], None]
) -> None:
    other = Clone(tmp_path / "clone")
    before = lifecycle.running_here()
    for refused in (other.lab("up"), other.lab("down"), other.lab("down", required="1"), other.lab("env")):
        assert refused.returncode == 3, refused.stdout
        assert f"{settings.REPOSITORY} holds this machine's lab" in refused.stderr
    assert lifecycle.running_here().processes == before.processes, "a refused command ended something"

    progress("another clone takes the lab over")
    taken = other.lab("up", required="1")
    assert taken.returncode == 0, taken.stdout + taken.stderr
    assert not before.any_alive(), "something of this clone's lab still runs"
    status = lifecycle.status()
    assert status.holder == str(other.directory)
    assert status.running, status.parts
    with pytest.raises(lifecycle.LabHeld):
        lifecycle.down()
    assert lifecycle.status().running, "a refused `down` ended something"

    ended = other.lab("down", required="1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert lifecycle.leftovers() == []
