"""The image of lab/Dockerfile is a machine for the lab: the lab comes up in its root file system, given only the clone
and the cache. `lab/in-docker` itself needs a Docker daemon."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import images, lifecycle, settings
from lab.node import confines
from tests.clone import copied

pytestmark = [pytest.mark.lab, pytest.mark.last, pytest.mark.timeout(1500)]

CACHE_INSIDE = "/cache/warmlane"
# The namespaces of `unshare` end with the shell; what it mounts goes with them.
ENTER = """
set -eu
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
for kernel in proc sys dev; do mount --rbind "/$kernel" "$root/$kernel"; done
# A volume, as lab/in-docker gives it: containerd's overlays can't lie in the container's own.
mkdir -p "$root/var/lib/warmlane-lab" "$root/volume"
mount --bind "$root/volume" "$root/var/lib/warmlane-lab"
for volatile in run tmp; do mount -t tmpfs -o exec,mode=1777 "$volatile" "$root/$volatile"; done
mkdir -p "$root$CACHE_INSIDE"
mount --bind "$CACHE" "$root$CACHE_INSIDE"
# As a container is entered: the machine's own root is no longer there.
cd "$root"
mkdir -p machine
pivot_root . machine
umount --lazy /machine
exec /bin/sh -eu -c "$1"
"""
INSIDE = """
cd /warmlane
lab/bootstrap lab
make --no-print-directory .venv/complete
.venv/bin/warmlane lab up
.venv/bin/warmlane lab status
.venv/bin/warmlane lab down
"""
CARRIED = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", "/etc/pip.conf", "/usr/local/share/ca-certificates")
"""What a container gets of its machine, besides the variables: the way to the package registries."""


@pytest.fixture
def root(tmp_path: Path, progress: Callable[[str], None]) -> Path:
    """The image's file system with a copy of the clone's committed and new files at /warmlane."""
    directory = tmp_path / "root"
    directory.mkdir()
    unpack(images.ensure_machine(progress).archive, directory)
    copied(directory / "warmlane")
    for carried in CARRIED:
        source, target = Path(carried), directory / carried.removeprefix("/")
        if source.is_dir():
            # The image's own entries may be links to files that lie outside of it.
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore_dangling_symlinks=True)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copy(source, target)
    return directory


def unpack(archive: Path, directory: Path) -> None:
    """Unpacks an OCI archive's layers, the lowest first."""
    with tarfile.open(archive) as outer:

        def blob(digest: str) -> bytes:
            member = outer.extractfile(f"blobs/{digest.replace(':', '/')}")
            assert member is not None
            return member.read()

        index = outer.extractfile("index.json")
        assert index is not None
        manifest = json.loads(blob(json.loads(index.read())["manifests"][0]["digest"]))
        for layer in manifest["layers"]:
            member = outer.extractfile(f"blobs/{layer['digest'].replace(':', '/')}")
            assert member is not None
            with tarfile.open(fileobj=member, mode="r:*") as inner:
                inner.extractall(directory, filter="fully_trusted")


def test_the_lab_comes_up_in_the_machine_image(root: Path, progress: Callable[[str], None]) -> None:
    lifecycle.down()
    controllers = confines.cgroup2_root() / "cgroup.subtree_control"
    enabled = controllers.read_text()
    variables = {**os.environ, "CACHE": str(settings.CACHE), "CACHE_INSIDE": CACHE_INSIDE}
    inside = {
        "WARMLANE_CACHE": CACHE_INSIDE,
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
    }
    for foreign in ("VIRTUAL_ENV", "PYTHONPATH", "PYENV_ROOT", "PIP_FIND_LINKS"):
        variables.pop(foreign, None)
    progress("starting the lab in the root file system of lab/Dockerfile's image")
    run = subprocess.run(
        ["unshare", "--mount", "/bin/sh", "-c", ENTER, "enter", str(root), INSIDE],
        env={**variables, **inside},
        capture_output=True,
        text=True,
        timeout=1400,
    )
    assert run.returncode == 0, f"the lab did not come up in the image:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}"
    assert "node" in run.stdout and "ready" in run.stdout, f"the status does not show a ready node:\n{run.stdout}"
    assert lifecycle.leftovers() == [], "`lab down` inside the image left something on the machine"
    assert controllers.read_text() == enabled, "`lab down` left the machine's cgroup root changed"
