"""Who holds the machine's lab."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab import lifecycle
from lab.node import holder, processes
from lab.node.holder import Holder
from lab.node.processes import Started


def here() -> Started:
    ticks = processes.start_ticks(os.getpid())
    assert ticks is not None
    return Started(os.getpid(), ticks)


def of_another_clone(process: Started) -> Holder:
    return Holder("/elsewhere/warmlane", holder.boot_id(), since=0.0, processes={"etcd": process})


def test_the_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = of_another_clone(here())
    written.save(tmp_path / "holder.json")

    assert holder.read(tmp_path / "holder.json") == written


@pytest.mark.parametrize("text", ["", "{", '{"repository": "/x"}', "[]", '{"processes": {"etcd": {"pid": "?"}}}'])
def test_a_broken_record_is_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "holder.json").write_text(text)

    assert holder.read(tmp_path / "holder.json") is None


def test_no_process_outlives_the_boot() -> None:
    old = Holder("/x", boot="another", since=0.0, processes={"etcd": here()})

    assert not old.any_alive()


def test_a_second_clone_is_told_who_holds_it_and_how_to_take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lifecycle.TAKE_OVER, raising=False)

    with pytest.raises(lifecycle.LabHeld, match=r"/elsewhere/warmlane holds.*`WARMLANE_REQUIRE_LAB=1 make up` here"):
        lifecycle._refuse_if_held(of_another_clone(here()), print)


def test_a_clone_that_must_have_the_lab_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(lifecycle.TAKE_OVER, "1")
    told: list[str] = []

    lifecycle._refuse_if_held(of_another_clone(here()), told.append)

    assert told == ["taking the lab over from /elsewhere/warmlane"]
    assert lifecycle._stale(of_another_clone(here())), "what the other clone made must go first"


def test_a_lab_whose_processes_are_gone_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(lifecycle.TAKE_OVER, raising=False)

    lifecycle._refuse_if_held(of_another_clone(Started(os.getpid(), -1)), print)


def test_two_commands_do_not_change_the_lab_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "_LOCK", f"\0warmlane-test-{os.getpid()}")

    with holder.exclusive(), pytest.raises(holder.LabBusy), holder.exclusive():
        pass
    with holder.exclusive():
        pass
