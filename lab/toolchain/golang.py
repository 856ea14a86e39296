"""Finds a Go that is new enough: the machine's own, or the one that requirements.lock puts into .venv."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from lab import settings
from lab.toolchain.catalogue import go_needed
from lab.toolchain.steps import StepFailed

Version = tuple[int, int]


def environment(*, static: bool = False) -> dict[str, str]:
    """The environment of a build: this Go and no other, and the committed go.mod and go.sum as they are."""
    changed = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    return {**os.environ, **changed, **({"CGO_ENABLED": "0"} if static else {})}


def version_of(go: Path) -> Version | None:
    """Version of a Go as (major, minor); None when the program does not answer like a Go."""
    try:
        asked = subprocess.run([go, "env", "GOVERSION"], env=environment(), capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"go(\d+)\.(\d+)", asked.stdout)
    return (int(match[1]), int(match[2])) if match else None


def candidates() -> list[Path]:
    """Go programs of this machine, the one on PATH first."""
    on_path = shutil.which("go")
    found = [Path(on_path)] if on_path else []
    return [*found, *(path for path in [settings.REPOSITORY / ".venv/bin/go"] if path.exists())]


def choose(found: Iterable[Path], needed: Version, version: Callable[[Path], Version | None] = version_of) -> Path:
    """The first Go that is at least `needed`. Raises StepFailed that names what was found."""
    seen = list[str]()
    for path in found:
        has = version(path)
        if has is not None and has >= needed:
            return path
        seen.append(f"{path} is {has[0]}.{has[1]}" if has else f"{path} does not answer")
    wanted = f"{needed[0]}.{needed[1]}"
    raise StepFailed(
        "finding Go",
        f"Go {wanted} or newer is needed; found {', '.join(seen) or 'none'}",
        "run `make .venv/complete`, which installs one from requirements.lock, or put a newer Go on PATH",
    )


def go() -> Path:
    """The Go that builds the tools."""
    return choose(candidates(), go_needed())
