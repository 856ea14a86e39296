"""The node's mount namespace, made in mount namespaces of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from lab import settings

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root makes mount namespaces")

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


def test_a_script_that_fails_is_not_run_on_another_cpu(tmp_path: Path) -> None:
    done = make(tmp_path, "echo ran >&2; exit 3", ALL_CPUS[0], ALL_CPUS)

    assert done.returncode != 0
    assert done.stderr.count("failed: ran") == 1
