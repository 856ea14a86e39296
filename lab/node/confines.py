"""What holds the node's processes together: a mount namespace and cgroups of the lab's own.

The mount namespace has a /run and /var/log of its own, a bpffs and everything that kubelet and containerd mount: all of
it goes with the last process. The cgroups tell which processes are the lab's, pods and containerd's shims included, and
what Cilium attaches to a cgroup applies to the node's processes alone.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lab import settings
from lab.network.commands import CommandFailed, run
from lab.network.mounts import is_mounted, mounts, mounts_below, stands

MOUNT_NAMESPACE = settings.RUN / "mnt"
_COMPLETE = settings.RUN / "complete"
"""Stands once all is made: what was cut off half-way is made anew, not mended."""
_ENABLED = settings.RUN / "enabled-controllers"
"""Names of the controllers that the machine's cgroup root did not hand to its children before."""
BPFFS = settings.RUN / "bpf"
CGROUP2 = settings.RUN / "cgroup2"
"""In the node's mount namespace: the node's own subtree of the cgroup2 hierarchy."""
_OWN_CGROUP2 = settings.RUN / "cgroup2-machine"

HIDDEN = (Path("/var/lib/kubelet"), Path("/var/lib/cni"))
"""Directories that kubelet and containerd write to whatever they are told: the node gets empty ones of its own."""
_MADE = settings.STATE / "made-directories"
"""Names of those that the machine did not have."""

LAB_CGROUP = "warmlane-lab"
NODE_CGROUP = f"{LAB_CGROUP}/node"
DAEMONS_CGROUP = f"{NODE_CGROUP}/daemons"
OUTSIDE_CGROUP = f"{LAB_CGROUP}/outside"
"""Processes of the lab beside the node: receivers, DNS of the outside, moto."""
_CGROUP_ADVICE = (
    "The lab needs cgroups that it may write, and a cgroup2 root that holds no process of its own unless it is the "
    "machine's: run it on the machine itself, or without root by `make up` with Docker, which sees to both."
)


def cgroup2_root() -> Path:
    """Where the machine has its cgroup2 hierarchy mounted; the lab's own mount where the machine has none."""
    found = [mount.path for mount in mounts() if mount.kind == "cgroup2"]
    return found[0] if found else _OWN_CGROUP2


def cgroup1_roots() -> list[Path]:
    """Roots of the machine's cgroup v1 hierarchies; empty where it has only cgroup2."""
    return [mount.path for mount in mounts() if mount.kind == "cgroup"]


def create() -> None:
    """Makes cgroups and mount namespace. Raises CommandFailed."""
    settings.RUN.mkdir(parents=True, exist_ok=True)
    settings.STATE.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "warmlane-lab", settings.RUN)
    # The file of a mount namespace can't lie on a mount that is shared with others.
    run("mount", "--make-private", settings.RUN)
    root = cgroup2_root()
    if root == _OWN_CGROUP2:
        root.mkdir()
        run("mount", "-t", "cgroup2", "cgroup2", root)
    _create_cgroups(root)
    made = [path for path in HIDDEN if not path.exists()]
    for path in made:
        path.mkdir()
    _MADE.write_text("".join(f"{path}\n" for path in made))
    MOUNT_NAMESPACE.touch()
    BPFFS.mkdir()
    CGROUP2.mkdir()
    make_mount_namespace(MOUNT_NAMESPACE, _mount_script(root), sorted(os.sched_getaffinity(0)))
    _COMPLETE.touch()


def make_mount_namespace(file: Path, script: str, cpus: Sequence[int]) -> None:
    """Runs a shell script in a new mount namespace that `file` keeps. Raises CommandFailed.

    Linux binds a mount namespace's file only where the namespace's id is above the caller's, so that namespaces never
    keep each other (`mnt_ns_loop` in fs/namespace.c). Since 6.18 each CPU takes ids from a batch of its own: in a
    container, a namespace that is made on another CPU than the container's may get a lower id. The container's own CPU
    always gives a higher one, so each of `cpus` is tried in turn. Only the script is bound to that CPU.
    """
    unshare = ("unshare", f"--mount={file}", "--propagation", "private")
    for cpu in cpus:
        try:
            run("taskset", "--cpu-list", str(cpu), *unshare, "sh", "-ec", script)
            return
        except CommandFailed:
            # `unshare` runs the script only once the file is bound: where it is not, nothing was done yet.
            if is_mounted(file) or cpu == cpus[-1]:
                raise


def _mount_script(root: Path) -> str:
    run_directory = settings.STATE / "run"
    inside = run_directory / settings.RUN.relative_to("/run")
    hidden = "\n".join(f"mount -t tmpfs -o mode=0755 warmlane-node {path}" for path in HIDDEN)
    return f"""
mkdir -p {run_directory}
mount -t tmpfs -o mode=0755 warmlane-run {run_directory}
mkdir -p {inside} {run_directory}/lock
mount --bind {settings.RUN} {inside}
mount -n --move {run_directory} /run
mount -t bpf bpf {BPFFS}
mount --bind {root / NODE_CGROUP} {CGROUP2}
mount -t tmpfs -o mode=0755 warmlane-log /var/log
{hidden}
mount --make-rshared /
"""


def _create_cgroups(root: Path) -> None:
    for hierarchy in cgroup1_roots():
        for name in (LAB_CGROUP, NODE_CGROUP):
            path = hierarchy / name
            _make_cgroup(path)
            for setting in ("cpuset.cpus", "cpuset.mems"):
                # A new cpuset is empty, and no process could enter it.
                if (path / setting).exists():
                    _set(path / setting, (path.parent / setting).read_text())
    for name in (LAB_CGROUP, NODE_CGROUP, DAEMONS_CGROUP, OUTSIDE_CGROUP):
        _make_cgroup(root / name)
    controllers = (root / "cgroup.controllers").read_text().split()
    present = (root / "cgroup.subtree_control").read_text().split()
    _ENABLED.write_text(" ".join(name for name in controllers if name not in present))
    for path in (root, root / LAB_CGROUP, root / NODE_CGROUP):
        if controllers:
            _set(path / "cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))


def _make_cgroup(path: Path) -> None:
    try:
        path.mkdir(exist_ok=True)
    except OSError as problem:
        raise CommandFailed(f"cgroup {path} can't be made: {problem.strerror}. {_CGROUP_ADVICE}") from problem


def _set(path: Path, value: str) -> None:
    try:
        path.write_text(value)
    except OSError as problem:
        raise CommandFailed(f"{path} can't be set to `{value}`: {problem.strerror}. {_CGROUP_ADVICE}") from problem


def _disable_controllers(root: Path) -> None:
    """Turns off at the machine's cgroup root what `create` turned on there, unless others use it by now."""
    for name in _ENABLED.read_text().split() if _ENABLED.exists() else ():
        try:
            (root / "cgroup.subtree_control").write_text(f"-{name}")
        except OSError as problem:
            # A cgroup of someone else hands it to its own children.
            if problem.errno != errno.EBUSY:
                raise CommandFailed(f"controller {name} can't be turned off in {root}: {problem.strerror}") from problem


def standing() -> bool:
    """Whether mount namespace and cgroups are there."""
    return _COMPLETE.exists() and is_mounted(MOUNT_NAMESPACE) and (cgroup2_root() / DAEMONS_CGROUP).is_dir()


def members() -> set[int]:
    """Pids of every process of the lab, containers included."""
    found: set[int] = set()
    for directory, _, files in os.walk(cgroup2_root() / LAB_CGROUP):
        if "cgroup.procs" in files:
            with suppress(OSError):
                text = (Path(directory) / "cgroup.procs").read_text()
                found |= {int(pid) for pid in text.split()}
    return found


def kill_members(seconds: float = 20) -> None:
    """Kills every process of the lab and waits until they are gone. Raises CommandFailed when some do not go."""
    deadline = time.monotonic() + seconds
    while left := members() - {os.getpid()}:
        if time.monotonic() > deadline:
            raise CommandFailed(f"processes {sorted(left)} of the lab do not end")
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


def delete() -> None:
    """Unmounts and removes all of it; the processes are gone already. Raises CommandFailed."""
    if is_mounted(MOUNT_NAMESPACE):
        run("umount", MOUNT_NAMESPACE)
    for hierarchy in [*cgroup1_roots(), cgroup2_root()]:
        _remove_cgroups(hierarchy / LAB_CGROUP)
    _disable_controllers(cgroup2_root())
    if _MADE.exists():
        for line in _MADE.read_text().splitlines():
            if Path(line).is_dir():
                Path(line).rmdir()
        _MADE.unlink()
    for path in (_OWN_CGROUP2, settings.RUN):
        while is_mounted(path):
            run("umount", path)
    if settings.RUN.is_dir():
        settings.RUN.rmdir()


def _remove_cgroups(top: Path, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    for directory, _, _ in os.walk(top, topdown=False):
        while True:
            try:
                os.rmdir(directory)
                break
            except FileNotFoundError:
                break
            except OSError as problem:
                # A killed process leaves its cgroup a moment after it is gone.
                if time.monotonic() > deadline:
                    raise CommandFailed(f"cgroup {directory} can't be removed: {problem}") from problem
                time.sleep(0.05)


def leftovers() -> list[str]:
    """What of it still stands."""
    found = [f"mount {mount.path}" for mount in mounts() if mount.path.is_relative_to(settings.RUN)]
    found += [f"mount {path}" for path in mounts_below(settings.STATE)]
    for hierarchy in [*cgroup1_roots(), cgroup2_root()]:
        if (hierarchy / LAB_CGROUP).exists():
            found.append(f"cgroup {hierarchy / LAB_CGROUP}")
    found += [f"process {pid}" for pid in sorted(members())]
    found += [str(path) for path in (settings.RUN, settings.STATE) if stands(path)]
    return found
