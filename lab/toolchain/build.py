"""Builds what is missing of the toolchain into the shared cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lab import settings
from lab.toolchain import golang
from lab.toolchain.catalogue import PULUMI, TOOLS, Tool, folder, minutes_left, missing
from lab.toolchain.steps import Report, StepFailed, cache_lock, run

PREPARED = ".tmp-"


@dataclass(frozen=True)
class Toolbox:
    """The built programs by name, and Cilium's BPF sources and CRDs."""

    programs: dict[str, Path]
    bpf: Path
    crds: Path

    def path(self, name: str) -> Path:
        """The program `name`. Raises KeyError for a program that is no tool of the lab."""
        return self.programs[name]

    def link(self, directory: Path, names: Iterable[str]) -> None:
        """Makes `directory` hold a link to each named program, for a PATH that shall have only these."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            prepared = directory / f"{PREPARED}{name}-{os.getpid()}"
            prepared.symlink_to(self.path(name))
            prepared.replace(directory / name)


def ensure(report: Report) -> Toolbox:
    """Builds what the cache lacks and returns all tools; returns at once when nothing is missing. Raises StepFailed."""
    own = own_pulumi()
    if _wanted(own):
        with cache_lock("tools", report):
            build(report, _wanted(own))
    if own is not None:
        report(f"using the pulumi of this machine: {own}")
    return _toolbox(own)


def built() -> Toolbox:
    """All tools, none of which is built now. Raises StepFailed when the cache lacks one."""
    own = own_pulumi()
    lacking = ", ".join(tool.name for tool in _wanted(own))
    if lacking:
        cause = f"{settings.CACHE} has no {lacking} of the version that this clone names"
        raise StepFailed("looking up the lab's tools", cause, "`make up` builds what is missing")
    return _toolbox(own)


def _toolbox(own: Path | None) -> Toolbox:
    programs = {name: folder(tool) / name for tool in TOOLS.values() for name in tool.programs}
    if own is not None:
        programs["pulumi"] = own
    cilium = folder(TOOLS["cilium"])
    return Toolbox(programs=programs, bpf=cilium / "bpf", crds=cilium / "crds")


def _wanted(own: Path | None) -> list[Tool]:
    return [tool for tool in missing() if not (own is not None and tool.name == "pulumi")]


def build(report: Report, wanted: list[Tool]) -> None:
    """Builds `wanted` one after the other; the caller holds the cache's lock. Raises StepFailed."""
    go = golang.go()
    for leftover in (settings.CACHE / "tools").glob(f"{PREPARED}*"):
        shutil.rmtree(leftover)
    for done, tool in enumerate(wanted):
        left = wanted[done:]
        name = f"{tool.name} {tool.version}"
        report(f"building {name} ({done + 1} of {len(wanted)}; about {minutes_left(left)} min left in all)")

        def heartbeat(seconds: int, name: str = name, left: list[Tool] = left) -> None:
            rest = max(1, minutes_left(left) - seconds // 60)
            waiting = ", ".join(other.name for other in left[1:]) or "nothing"
            report(f"building {name}: {seconds} s so far; then {waiting}; about {rest} min left in all")

        prepared = settings.CACHE / "tools" / f"{PREPARED}{tool.key()}"
        prepared.mkdir(parents=True)
        _compile(go, tool, prepared, heartbeat=heartbeat)
        _copy(go, tool, prepared)
        prepared.rename(folder(tool))


def _compile(go: Path, tool: Tool, into: Path, heartbeat: Callable[[int], None]) -> None:
    step = f"building {tool.name} {tool.version}"
    flags = ["-tags", ",".join(tool.tags), "-ldflags", tool.ldflags]
    command = [str(go), "build", *flags, "-o", f"{into}/", *tool.programs.values()]
    run(step, command, cwd=tool.directory, env=golang.environment(static=tool.static), heartbeat=heartbeat)
    for name, package in tool.programs.items():
        # Go names a program after the last part of its package that is not a major version.
        built = into / re.sub(r"/v\d+$", "", package).rsplit("/", 1)[-1]
        if built.name != name:
            built.rename(into / name)


def _copy(go: Path, tool: Tool, into: Path) -> None:
    if tool.source_module is None:
        return
    asked = subprocess.run(
        [go, "list", "-m", "-f", "{{.Dir}}", tool.source_module],
        cwd=tool.directory,
        env=golang.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    for target, source in tool.copied.items():
        shutil.copytree(Path(asked.stdout.strip()) / source, into / target, copy_function=shutil.copyfile)
    # Go keeps downloaded modules read-only; a copy must stay removable for whoever owns the cache.
    for directory, _, _ in os.walk(into):
        os.chmod(directory, 0o755)


def own_pulumi() -> Path | None:
    """A pulumi that the person has on PATH and that is not older than the pinned SDK; none of ours counts."""
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        program = Path(directory) / "pulumi"
        if not os.access(program, os.X_OK) or not program.is_file():
            continue
        if program.resolve().is_relative_to(settings.CACHE.resolve()):
            continue
        try:
            asked = subprocess.run(
                [program, "version"],
                env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"},
                capture_output=True,
                text=True,
                timeout=30,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if new_enough(asked.stdout):
            return program
    return None


def new_enough(version: str) -> bool:
    """Whether an engine of this version serves the pinned SDK; an older one may lack what the SDK asks for."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version.strip())
    return match is not None and tuple(map(int, match.groups())) >= tuple(map(int, PULUMI.split(".")))
