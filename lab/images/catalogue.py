"""The lab's images: each a Dockerfile with its context, and a key that changes when the image may change."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab import settings

REGISTRY = "warmlane.local"
BASE_REFERENCE = "docker.io/library/debian:bookworm-slim"
BASE_VERSION = "bookworm-1"
"""Changes when the way changes in which the base image is made; a new one rebuilds every image."""


@dataclass(frozen=True)
class Recipe:
    """One image. `programs` are tools of the toolchain that lie in the build context.

    `dockerfile` is set where the Dockerfile lies outside the context.
    """

    name: str
    context: Path
    minutes: float
    programs: tuple[str, ...] = field(default=())
    dockerfile: Path | None = None

    @property
    def repository(self) -> str:
        """The image's name without a digest."""
        return f"{REGISTRY}/{self.name}"


_OWN = settings.REPOSITORY / "lab/images"

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(name="pause", context=_OWN / "pause", programs=("pause",), minutes=0.1),
        Recipe(name="coredns", context=_OWN / "coredns", programs=("coredns",), minutes=0.2),
        Recipe(
            name="sender",
            context=settings.REPOSITORY,
            dockerfile=settings.REPOSITORY / "services/sender/Dockerfile",
            minutes=2,
        ),
        Recipe(name="prometheus", context=_OWN / "prometheus", programs=("prometheus",), minutes=0.2),
        Recipe(name="alertmanager", context=_OWN / "alertmanager", minutes=0.5),
        Recipe(name="postgresql", context=_OWN / "postgresql", minutes=0.7),
        Recipe(name="producer", context=_OWN / "producer", minutes=0.5),
    )
}
"""Every image of the lab's cluster by name; `minutes` as seen on two cores."""

CONFIGURED = ("sender", "prometheus", "alertmanager", "postgresql")
"""Those that an environment's config names (`warmlane.environment.Images`), but for Grafana's, which a person gives.
The lab's own parts use the others."""

MACHINE = Recipe(
    name="machine",
    context=settings.REPOSITORY / "lab/toolchain",
    dockerfile=settings.REPOSITORY / "lab/Dockerfile",
    minutes=2,
)
"""The machine for a lab in Docker (`lab/in-docker`); built here only to prove it."""


EVERYTHING = "*"
"""As the first line of a .dockerignore it leaves out all but what later lines name after `!`."""


def ignore_file(recipe: Recipe) -> Path:
    """The file that says what a build does not see: beside a Dockerfile outside the context, else in the context."""
    return Path(f"{recipe.dockerfile}.dockerignore") if recipe.dockerfile else recipe.context / ".dockerignore"


def ignore_lines(recipe: Recipe) -> list[str]:
    """What that file says, without comments; empty where there is none."""
    path = ignore_file(recipe)
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def context_files(recipe: Recipe) -> list[Path]:
    """Files that a build of this image sees, sorted by path; never Python's byte code, which running tests makes."""
    lines, context = ignore_lines(recipe), recipe.context
    listed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    places = [context / name for name in listed] if lines[:1] == [EVERYTHING] else [context]
    patterns = {"__pycache__", *(line.removeprefix("**/").rstrip("/") for line in lines if line[0] != "!")} - {
        EVERYTHING
    }

    def ignored(path: Path) -> bool:
        relative = path.relative_to(context)
        names = [*relative.parts, str(relative)]
        return any(fnmatch.fnmatch(name, pattern) for name in names for pattern in patterns)

    found = list[Path]()
    for place in places:
        for directory, _, files in os.walk(place):
            found += [path for name in files if not ignored(path := Path(directory) / name)]
    return sorted(found)


def build_files(recipe: Recipe) -> dict[str, Path]:
    """What an image's build sees, without the tools: path inside the context -> file."""
    files = {str(path.relative_to(recipe.context)): path for path in context_files(recipe)}
    return {**files, **({"Dockerfile": recipe.dockerfile} if recipe.dockerfile else {})}


def key(recipe: Recipe, programs: Mapping[str, Path]) -> str:
    """The image's key: its context, the tools in it, and the base. `programs` maps a tool's program to its path."""
    digest = hashlib.sha256(BASE_VERSION.encode())
    for name, path in sorted(build_files(recipe).items()):
        executable = b"x" if os.access(path, os.X_OK) else b"-"
        content = path.read_bytes()
        digest.update(b"\0".join([name.encode(), executable, str(len(content)).encode(), content]))
    for program in recipe.programs:
        # A tool's folder is named by its own key, so its path stands for its content.
        digest.update(programs[program].parent.name.encode() + b"/" + program.encode())
    return digest.hexdigest()[:16]
