"""The node's mount namespace, made in mount namespaces of the test's own, and the machine's cgroups."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from lab import settings
from lab.network.commands import CommandFailed
from lab.node import confines

ALL_CPUS = sorted(os.sched_getaffinity(0))
# `place` is a tmpfs that is nobody else's, as the file of a mount namespace needs.
PREPARE = "mount --make-rprivate / && mount -t tmpfs place {place} && touch {place}/file"
MAKE = """
import sys
from pathlib import Path
from lab.node import confines

file, script, *cpus = sys.argv[1:]
confines.make_mount_namespace(Path(file), script, [int(cpu) for cpu in cpus])
"""


def make(place: Path, script: str, outer: int, cpus: list[int], then: str = "true") -> subprocess.CompletedProcess[str]:
    """Runs `make_mount_namespace` in a mount namespace that was made on the CPU `outer`, then a shell command there."""
    listed = ",".join(map(str, ALL_CPUS))
    words = [sys.executable, "-c", MAKE, f"{place}/file", script, *map(str, cpus)]
    inside = f'{PREPARE.format(place=place)} && taskset -c {listed} "$@" && {{ {then}; }}'
    return subprocess.run(
        ["taskset", "-c", str(outer), "unshare", "--mount", "sh", "-c", inside, "sh", *words],
        cwd=settings.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.lab
@pytest.mark.parametrize(("outer", "first"), list(product(ALL_CPUS[:2], repeat=2)))
def test_a_namespace_is_made_in_a_container_on_whichever_cpu_either_is_made(
    tmp_path: Path, outer: int, first: int
) -> None:
    place, inside = tmp_path / "place", tmp_path / "inside"
    place.mkdir()
    inside.mkdir()
    script = f"mount -t tmpfs mark {inside}; touch {inside}/mark; echo ran >>{tmp_path}/times"
    look = f"cat {tmp_path}/times; nsenter --mount={place}/file ls {inside}; ls {inside}"
    done = make(place, script, outer, sorted(ALL_CPUS, key=lambda cpu: cpu != first), then=look)

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ran", "mark"], "the script runs once, and what it mounts is seen only inside"


@pytest.mark.lab
def test_a_script_that_fails_is_not_run_on_another_cpu(tmp_path: Path) -> None:
    done = make(tmp_path, "echo ran >&2; exit 3", ALL_CPUS[0], ALL_CPUS)

    assert done.returncode != 0
    assert done.stderr.count("failed: ran") == 1


class Hierarchy:
    """A cgroup2 root of plain files, whose kernel refuses what it is told to refuse."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.written = root, list[str]()
        self.refused: dict[str, int] = {}
        (root / "cgroup.controllers").write_text("cpu memory pids\n")
        (root / "cgroup.subtree_control").write_text("memory\n")
        write = Path.write_text

        def write_text(path: Path, text: str) -> int:
            if path.name == "cgroup.subtree_control":
                if text in self.refused:
                    raise OSError(self.refused[text], os.strerror(self.refused[text]))
                if path.parent == root:
                    self.written.append(text)
            return write(path, text)

        monkeypatch.setattr(Path, "write_text", write_text)
        monkeypatch.setattr(confines, "cgroup1_roots", list)
        monkeypatch.setattr(confines, "_ENABLED", root / "enabled")


@pytest.fixture
def hierarchy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hierarchy:
    return Hierarchy(tmp_path, monkeypatch)


def test_only_controllers_that_the_lab_turned_on_are_turned_off(hierarchy: Hierarchy) -> None:
    confines._create_cgroups(hierarchy.root)
    confines._disable_controllers(hierarchy.root)

    assert hierarchy.written == ["+cpu +memory +pids", "-cpu", "-pids"]


def test_a_controller_that_others_use_by_now_stays_on(hierarchy: Hierarchy) -> None:
    confines._create_cgroups(hierarchy.root)
    hierarchy.refused = {"-cpu": errno.EBUSY}
    confines._disable_controllers(hierarchy.root)

    assert hierarchy.written[1:] == ["-pids"]


def test_a_cgroup_root_that_can_not_be_divided_is_told_with_what_to_do(hierarchy: Hierarchy) -> None:
    hierarchy.refused = {"+cpu +memory +pids": errno.EBUSY}

    with pytest.raises(
        CommandFailed, match=r"subtree_control can't be set to `\+cpu.*busy.*or without root by `make up`"
    ):
        confines._create_cgroups(hierarchy.root)


def test_a_read_only_hierarchy_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confines, "cgroup1_roots", lambda: [tmp_path / "missing"])

    with pytest.raises(CommandFailed, match=r"missing/warmlane-lab can't be made: No such file.*run it on the machine"):
        confines._create_cgroups(tmp_path)
