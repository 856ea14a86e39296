"""A copy of the clone that tests may change and commit, and its report before any change."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.report.command import side
from cli.report.sides import Side
from tests.clone import copied
from tests.report.samples import with_images


def with_built_images(target: Path) -> Path:
    """A copy of the clone, prod with images."""
    with_images(copied(target))
    return target


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy that nobody changes."""
    return with_built_images(tmp_path_factory.mktemp("original"))


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
