"""The machine's mounts, and what of them is the lab's to remove."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab import settings
from lab.network import mounts

REMOVE = """
import sys
from pathlib import Path
from lab import lifecycle
from lab.network.mounts import stands

lifecycle._remove(Path(sys.argv[1]))
print(stands(Path(sys.argv[1])), Path(sys.argv[1]).is_dir())
"""


def test_mounts_with_blanks_are_read() -> None:
    text = "tmpfs /run tmpfs rw 0 0\ncgroup2 /sys/fs/a\\040b cgroup2 rw,relatime 0 0\n"

    assert mounts.parse(text)[1] == mounts.Mount(Path("/sys/fs/a b"), "cgroup2")


def removed(place: Path, prepare: str) -> subprocess.CompletedProcess[str]:
    """Removes `place` as the lab's state, in a mount namespace of its own that a shell command prepared."""
    command = f'mount --make-rprivate /; {prepare}; exec "$@"'
    return subprocess.run(
        ["unshare", "--mount", "sh", "-ec", command, "sh", sys.executable, "-c", REMOVE, place],
        cwd=settings.REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.lab
@pytest.mark.parametrize(
    ("volume", "outcome"), [("true", "False False"), ("mount -t tmpfs volume {place}", "False True")]
)
def test_a_volume_is_emptied_and_a_directory_is_removed(tmp_path: Path, volume: str, outcome: str) -> None:
    place = tmp_path / "state"
    prepare = f"mkdir {place}; {volume.format(place=place)}; mkdir {place}/etcd; touch {place}/etcd/db {place}/holder"
    done = removed(place, f"{prepare}; ln -s {tmp_path} {place}/link")

    assert done.stdout.strip() == outcome, done.stderr
    assert tmp_path.exists()


@pytest.mark.lab
def test_what_another_mounted_in_it_is_not_deleted(tmp_path: Path) -> None:
    done = removed(tmp_path, f"mkdir {tmp_path}/a; touch {tmp_path}/kept; mount -t tmpfs other {tmp_path}/a")

    assert f"{tmp_path}/a is mounted below {tmp_path}: unmount it" in done.stderr
    assert (tmp_path / "kept").exists()
