"""Processes are known by pid and start time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab.node import processes
from lab.node.processes import Started


def test_a_process_that_runs_is_alive() -> None:
    ticks = processes.start_ticks(os.getpid())

    assert ticks is not None
    assert processes.alive(Started(os.getpid(), ticks))


def test_a_pid_that_another_process_got_is_not_ours() -> None:
    ticks = processes.start_ticks(os.getpid())

    assert ticks is not None
    assert not processes.alive(Started(os.getpid(), ticks - 1))


def test_a_zombie_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    while processes.start_ticks(child.pid) is not None:
        pass
    assert Path(f"/proc/{child.pid}").exists(), "it is a zombie until its parent asks"
    child.wait()


def test_stop_leaves_someone_elses_process_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        ticks = processes.start_ticks(child.pid)
        assert ticks is not None
        processes.stop(Started(child.pid, ticks - 1), seconds=0.2)
        assert child.poll() is None


def test_stop_ends_the_process() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ticks = processes.start_ticks(child.pid)
    assert ticks is not None
    processes.stop(Started(child.pid, ticks))
    assert child.wait(timeout=5) != 0
    assert child.stdin is not None
    child.stdin.close()


def test_the_end_of_a_log_names_its_file(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))

    shown = processes.tail(log)

    assert str(log) in shown and "line 99" in shown and "line 1\n" not in shown


def test_a_missing_log_is_said_to_be_missing(tmp_path: Path) -> None:
    assert "does not exist" in processes.tail(tmp_path / "missing.log")
