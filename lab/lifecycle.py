"""The lab's life: up, down, status, doctor. One lab a machine, held by one clone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeGuard

from lab import settings, toolchain
from lab.network import CommandFailed, router_drops, topology
from lab.network.mounts import is_mounted, mounts_below, stands
from lab.node import api, confines, holder, kubelet, processes
from lab.node.bringup import AWS, Bringup
from lab.node.checkup import Finding, address_conflicts, findings
from lab.node.holder import Holder
from lab.node.images import ImageLost
from lab.toolchain import Report

SERVICES = (
    "outside-dns",
    "receivers",
    "reflector",
    AWS,
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "containerd",
    "kubelet",
    "cilium-agent",
    "caretaker",
)


class LabError(RuntimeError):
    """The lab could not be brought up or down; the text says what to do."""


class LabHeld(LabError):
    """Another clone holds the machine's lab."""


@dataclass(frozen=True)
class Status:
    """`holder` is the clone's directory, None when there is no lab; `parts` says of each part how it is."""

    running: bool
    holder: str | None
    parts: dict[str, str]


def up(report: Report) -> None:
    """Brings the lab up, or what is missing of it. Raises LabError."""
    _need_root()
    with _failures(), holder.exclusive():
        found = holder.read()
        if held_elsewhere(found):
            _take_over(found, report)
        why = _stale(found)
        if why:
            report(f"clearing away an earlier lab: {why}")
            _clear(found)
            found = None
        conflicts = address_conflicts()
        if conflicts:
            raise LabError(conflicts[0])
        toolbox = toolchain.ensure(report)
        settings.STATE.mkdir(parents=True, exist_ok=True)
        current = found or holder.new()
        current.save()
        Bringup(toolbox, current, report).run()


def down() -> None:
    """Takes this clone's lab down and leaves nothing of it; never another clone's. Raises LabError."""
    _need_root()
    with _failures(), holder.exclusive(seconds=10):
        found = holder.read()
        if held_elsewhere(found):
            raise LabHeld(f"{_held_since(found)} `make down` there ends it.")
        _clear(found)
    left = leftovers()
    if left:
        raise LabError("the lab is down, but this is left: " + "; ".join(left))


def leftovers() -> list[str]:
    """What there still is of a lab on this machine; empty after `down`."""
    return [*confines.leftovers(), *topology.leftovers()]


def status() -> Status:
    """How the lab is, asked of its parts."""
    found = holder.read()
    if found is None:
        return Status(running=False, holder=None, parts={})
    parts = {name: _process_state(found, name) for name in SERVICES}
    parts["network"] = "standing" if topology.standing() and confines.standing() else "missing"
    parts["node"] = _node_state()
    parts["router"] = _router_state()
    running = parts["network"] == "standing" and parts["node"] == "ready" and all(map(found.alive, SERVICES))
    return Status(running=running, holder=found.repository, parts=parts)


def running_here() -> Holder:
    """The record of this clone's running lab. Raises LabError where there is none, or not all of it runs."""
    found = holder.read()
    if held_elsewhere(found):
        raise LabHeld(f"{_held_since(found)} `make down` there ends it, then `make up` here starts one.")
    if found is None or found.repository != str(settings.REPOSITORY) or not found.any_alive():
        raise LabError("no lab runs here: `make up` starts one")
    ended = [name for name in SERVICES if not found.alive(name)]
    if ended:
        raise LabError(f"{', '.join(ended)} of the lab ended: `make up` starts what is missing")
    return found


def set_aws_quotas(changed: Mapping[str, int]) -> None:
    """Sets quotas of the lab's AWS account by name; those that are not named have AWS' defaults. Raises LabError."""
    found = holder.read()
    if found is None or not found.alive(AWS):
        raise LabError("the lab's AWS is not running: `warmlane lab up` starts it")
    settings.AWS_QUOTAS.write_text(json.dumps(dict(changed)) + "\n")
    os.kill(found.processes[AWS].pid, signal.SIGHUP)


def doctor() -> list[Finding]:
    """What the lab needs of this machine, and whether it is there."""
    return findings()


def _need_root() -> None:
    if os.geteuid() != 0:
        raise LabError("the lab makes network namespaces, mounts and cgroups: run it as root, or `make up` with Docker")


def held_elsewhere(found: Holder | None) -> TypeGuard[Holder]:
    """Whether another clone's lab lives on this machine."""
    return found is not None and found.repository != str(settings.REPOSITORY) and found.any_alive()


def _held_since(found: Holder) -> str:
    since = datetime.fromtimestamp(found.since).strftime("%Y-%m-%d %H:%M")
    return f"{found.repository} holds this machine's lab since {since}."


def _take_over(found: Holder, report: Report) -> None:
    """Says that another clone's lab is taken from it, where that is wanted. Raises LabHeld where it is not."""
    if not settings.lab_required():
        raise LabHeld(
            f"{_held_since(found)} `make down` there frees it; "
            f"`{settings.REQUIRE_LAB}=1 make up` here takes it over and ends that one."
        )
    report(f"taking the lab over from {found.repository}")


def _stale(found: Holder | None) -> str | None:
    """Why what stands can't be carried on, if anything stands."""
    if found is None:
        return "it has no record" if leftovers() else None
    if found.repository != str(settings.REPOSITORY):
        return f"it is of {found.repository}"
    if found.boot != holder.boot_id():
        return "the machine was started anew"
    if not found.any_alive() and found.processes:
        return "all of its processes are gone"
    if AWS in found.processes and not found.alive(AWS):
        return "its AWS is gone, and with it what Pulumi's state speaks of"
    standing = topology.standing() and confines.standing()
    if not standing and [one for one in leftovers() if one != str(settings.STATE)]:
        return "only parts of its network and mounts stand"
    return None


def _clear(found: Holder | None) -> None:
    """Ends every process of the lab and removes all that it made."""
    confines.kill_members()
    for process in found.processes.values() if found and found.boot == holder.boot_id() else ():
        processes.stop(process)
    confines.delete()
    topology.delete()
    _remove(settings.STATE)


def _remove(directory: Path, seconds: float = 10) -> None:
    mounted = [str(path) for path in mounts_below(directory)]
    if mounted:
        # What is mounted there is not the lab's to delete: its own mounts are in a namespace that is gone by now.
        raise LabError(f"{', '.join(mounted)} is mounted below {directory}: unmount it, then run this again")
    deadline = time.monotonic() + seconds
    while stands(directory):
        try:
            # A volume stays: it is the machine's.
            for path in directory.iterdir() if is_mounted(directory) else (directory,):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError as problem:
            # The kernel lets go of a mount namespace's last mounts a moment after its last process is gone.
            if time.monotonic() > deadline:
                raise LabError(f"{directory} can't be removed: {problem}") from problem
            time.sleep(0.2)


def _process_state(found: Holder, name: str) -> str:
    process = found.processes.get(name)
    if process is None:
        return "not started"
    return f"running, pid {process.pid}" if found.alive(name) else f"dead; its log is {settings.LOGS}/{name}.log"


def _node_state() -> str:
    try:
        return "ready" if kubelet.node_ready() else "not ready"
    except (api.ApiError, OSError):
        return "not reached"


def _router_state() -> str:
    try:
        return f"{router_drops()} packets to port 25 dropped, as they came from no lane's address"
    except CommandFailed:
        return "missing"


@contextmanager
def _failures() -> Iterator[None]:
    """Every way in which a part fails, as one error."""
    try:
        yield
    except (
        CommandFailed,
        processes.NotReady,
        api.ApiError,
        holder.LabBusy,
        toolchain.StepFailed,
        ImageLost,
    ) as problem:
        raise LabError(str(problem)) from problem
