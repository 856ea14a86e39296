"""Buildah with a storage of its own below the cache, so that a machine's own containers never mix with the lab's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import settings
from lab.toolchain.steps import run


@dataclass(frozen=True)
class Store:
    """A storage of buildah with the driver that works where the cache lies."""

    driver: str

    @property
    def options(self) -> list[str]:
        """Global options of every buildah command on this storage."""
        place = settings.CACHE / "buildah" / self.driver
        options = [
            "--root",
            str(place),
            "--runroot",
            str(settings.CACHE / "buildah/run"),
            "--storage-driver",
            self.driver,
        ]
        if self.driver == "overlay":
            # Otherwise the storage mounts its folder onto itself and leaves that mount behind.
            options += ["--storage-opt", "overlay.skip_mount_home=true"]
        return options

    def run(self, step: str, *arguments: str | Path, heartbeat: Callable[[int], None] | None = None) -> None:
        """Runs one buildah command. Raises StepFailed."""
        run(step, ["buildah", *self.options, *arguments], env=environment(), heartbeat=heartbeat)

    def has(self, image: str) -> bool:
        """Whether the storage holds this image."""
        command = ["buildah", *self.options, "inspect", "--type", "image", image]
        return subprocess.run(command, env=environment(), capture_output=True).returncode == 0

    def forget_others(self, tag: str) -> None:
        """Removes what the storage holds of this repository under other tags, or it would grow with each edit."""
        repository = tag.rsplit(":", 1)[0]
        listing = ["buildah", *self.options, "images", "--noheading", "--format", "{{.Name}}:{{.Tag}}"]
        asked = subprocess.run(listing, env=environment(), capture_output=True, text=True)
        others = [line for line in asked.stdout.split() if line != tag and line.startswith(f"{repository}:")]
        if others:
            subprocess.run(["buildah", *self.options, "rmi", *others], env=environment(), capture_output=True)


def environment() -> dict[str, str]:
    """The environment of buildah: its own temporary folder, as /tmp may be small and in memory."""
    scratch = settings.CACHE / "buildah/tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    return {**os.environ, "TMPDIR": str(scratch)}


def open_store() -> Store:
    """The storage, with overlay where the cache's file system can carry it, else with plain copies."""
    overlay = Store("overlay")
    works = (
        subprocess.run(["buildah", *overlay.options, "info"], env=environment(), capture_output=True).returncode == 0
    )
    if not works:
        shutil.rmtree(settings.CACHE / "buildah/overlay", ignore_errors=True)
    return overlay if works else Store("vfs")
