"""Who holds the machine's lab."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab import environment, lifecycle, settings
from lab.node import holder, processes
from lab.node.holder import Holder
from lab.node.processes import Started
from lab.toolchain import StepFailed


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


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Holder:
    """A living lab of another clone."""
    found = of_another_clone(here())
    monkeypatch.setattr(holder, "read", lambda: found)
    monkeypatch.setattr(holder, "_LOCK", f"\0warmlane-test-{os.getpid()}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(lifecycle, "_clear", lambda _: pytest.fail("another clone's lab must not be ended"))
    return found


@pytest.mark.parametrize("required", [None, "", "0", "true", "11"])
def test_a_second_clone_is_told_who_holds_it_and_how_to_take_over(
    monkeypatch: pytest.MonkeyPatch, held: Holder, required: str | None
) -> None:
    if required is None:
        monkeypatch.delenv(settings.REQUIRE_LAB, raising=False)
    else:
        monkeypatch.setenv(settings.REQUIRE_LAB, required)

    with pytest.raises(lifecycle.LabHeld, match=r"/elsewhere/warmlane holds.*`WARMLANE_REQUIRE_LAB=1 make up` here"):
        lifecycle.up(print)


@pytest.mark.parametrize("required", ["0", "1"])
def test_no_clone_takes_another_ones_lab_down(monkeypatch: pytest.MonkeyPatch, held: Holder, required: str) -> None:
    monkeypatch.setenv(settings.REQUIRE_LAB, required)

    with pytest.raises(lifecycle.LabHeld, match=r"/elsewhere/warmlane holds.*`make down` there ends it"):
        lifecycle.down()


def test_a_clone_that_must_have_the_lab_takes_it(monkeypatch: pytest.MonkeyPatch, held: Holder) -> None:
    monkeypatch.setenv(settings.REQUIRE_LAB, "1")
    told: list[str] = []

    lifecycle._take_over(held, told.append)

    assert told == ["taking the lab over from /elsewhere/warmlane"]
    assert lifecycle._stale(held), "what the other clone made must go first"


def test_a_lab_whose_processes_are_gone_holds_nobody_up() -> None:
    assert not lifecycle.held_elsewhere(of_another_clone(Started(os.getpid(), -1)))


def own(*names: str) -> Holder:
    return Holder(str(settings.REPOSITORY), holder.boot_id(), 0.0, dict.fromkeys(names, here()))


def test_the_exports_are_those_of_a_running_lab_of_this_clone(monkeypatch: pytest.MonkeyPatch, held: Holder) -> None:
    for found, said in (
        (None, "no lab runs here: `make up` starts one"),
        (Holder("/gone", holder.boot_id(), 0.0), "no lab runs here: `make up` starts one"),
        (held, "/elsewhere/warmlane holds"),
        (own("aws"), "etcd.* ended: `make up` starts what is missing"),
    ):
        monkeypatch.setattr(holder, "read", lambda found=found: found)
        with pytest.raises(lifecycle.LabError, match=said):
            environment.exports()


def test_the_exports_build_no_tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(holder, "read", lambda: own(*lifecycle.SERVICES))
    monkeypatch.setattr(settings, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(environment, "PROGRAMS", tmp_path / "bin")

    with pytest.raises(StepFailed, match=r"has no .*kubernetes.*\n.*`make up` builds"):
        environment.exports()
    assert not settings.CACHE.exists()


def test_two_commands_do_not_change_the_lab_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder, "_LOCK", f"\0warmlane-test-{os.getpid()}")

    with holder.exclusive(), pytest.raises(holder.LabBusy), holder.exclusive():
        pass
    with holder.exclusive():
        pass
