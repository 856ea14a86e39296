"""A copy of the clone that tests may change and commit, and its report before any change."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.report.command import side
from cli.report.sides import Side
from lab import settings
from tests.report.samples import with_images


def copied(target: Path) -> Path:
    """The clone's committed and new files, prod with images."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=settings.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (settings.REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(settings.REPOSITORY / name, target / name)
    with_images(target)
    return target


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy that nobody changes."""
    return copied(tmp_path_factory.mktemp("original"))


@pytest.fixture(scope="session")
def base(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Side:
    """The original, rendered."""
    return side(original, tmp_path_factory.mktemp("base"))


@pytest.fixture
def tree(original: Path, tmp_path: Path) -> Path:
    """A copy that the test may change."""
    return Path(shutil.copytree(original, tmp_path / "tree"))


@pytest.fixture
def render(tmp_path: Path) -> Callable[[Path], Side]:
    """Renders a tree."""
    return lambda tree: side(tree, tmp_path / "rendered")
