"""The variables with which plain `pulumi` and `kubectl` reach the lab."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from lab import lifecycle, settings, standins, toolchain

PROGRAMS = settings.LOCAL / "bin"
"""Programs of the lab for PATH: `pulumi` and `kubectl` where they are missing, and the stand-ins that are needed."""


def exports() -> dict[str, str]:
    """Environment variables for a process that works on the lab; PATH is this process' own behind the lab's programs.

    Programs that a person has already are used: a stand-in is put on PATH only where the real one is missing.
    Raises LabError when this clone's lab does not run, StepFailed when a tool is missing: nothing is built here.
    """
    lifecycle.running_here()
    path = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(entry) != PROGRAMS]
    standins.install(PROGRAMS, Path(sys.executable), missing(os.pathsep.join(path)))
    toolchain.built().link(PROGRAMS, ["pulumi", "kubectl"])
    return {
        "PATH": os.pathsep.join([str(PROGRAMS), *path]),
        "KUBECONFIG": str(settings.KUBECONFIG),
        "PULUMI_BACKEND_URL": f"file://{settings.PULUMI_BACKEND}",
        "PULUMI_CONFIG_PASSPHRASE": settings.PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "AWS_ACCESS_KEY_ID": "lab",
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_DEFAULT_REGION": settings.AWS_REGION,
    }


def missing(path: str) -> tuple[str, ...]:
    """Names of the stand-ins for which there is no real program: neither on PATH nor among Pulumi's plugins.

    A stand-in of another clone, which a shell may still have on its PATH, is no real program.
    """
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")

    def there(name: str) -> bool:
        if any((home / "plugins").glob(f"{name.removeprefix('pulumi-')}-v*/{name}")):
            return True
        found = [shutil.which(name, path=entry) for entry in path.split(os.pathsep) if entry]
        return any(program is not None and not standins.is_standin(Path(program)) for program in found)

    return tuple(name for name in standins.MODULES if not there(name))
