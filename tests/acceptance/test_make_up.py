"""`make up` in a clean tree ends in the table and leaves the tree clean, also after the lab's AWS has died."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from lab import lifecycle
from lab.node import holder
from lab.node.bringup import AWS
from tests.acceptance.conftest import CAMPAIGNS, ROOT
from tests.clone import copied

# It makes the lab anew, so what other tests hold of it would be stale.
pytestmark = [pytest.mark.lab, pytest.mark.last, pytest.mark.timeout(900)]

ROW = re.compile(
    r"^│ (?P<campaign>\S+) +│ (?P<lane>\S+) +│ (?P<source>198\.51\.100\.\d+) +"
    r"│ (?P<submitted>\d+) +│ (?P<received>\d+) +│ (?P<counted>\d+) +│ (?P<passed>\d+) of (?P<policies>\d+) +│",
    re.MULTILINE,
)
LANES = {"spring-sale": "amber", "newsletter": "birch"}


def git(directory: Path, *words: str) -> str:
    identity = ("-c", "user.name=tests", "-c", "user.email=tests@warmlane.test")
    command = ["git", *identity, *words]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The repository's files as they are now, committed to a repository of their own, with this one's packages."""
    directory = copied(tmp_path / "tree")
    for name in ("requirements.lock", "pyproject.toml"):
        # Older than the packages, which `make` would install again otherwise.
        os.utime(directory / name, (0, 0))
    for name in (".venv", ".lab"):
        (directory / name).symlink_to(ROOT / name)
    git(directory, "init", "--quiet")
    # As links they are no folders, which is how .gitignore calls them.
    (directory / ".git/info/exclude").write_text("/.venv\n/.lab\n")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", "as it is")
    assert git(directory, "status", "--porcelain") == ""
    return directory


def assert_up_ends_in_the_table(tree: Path) -> None:
    made = subprocess.run(
        ["make", "up"],
        cwd=tree,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=800,
    )
    assert made.returncode == 0, made.stdout
    rows = {row["campaign"]: row for row in ROW.finditer(made.stdout)}
    assert {campaign: row["lane"] for campaign, row in rows.items()} == LANES, made.stdout
    assert len({row["source"] for row in rows.values()}) == len(CAMPAIGNS)
    for row in rows.values():
        assert row["submitted"] == row["received"] == row["counted"] == "100", made.stdout
        assert row["passed"] == row["policies"], made.stdout
    assert "router drops: " in made.stdout.splitlines()[-1]
    assert git(tree, "status", "--porcelain") == "", "`make up` must leave the tree as it is committed"


def test_up_ends_in_the_table_and_again_after_aws_has_died(deployed: object, tree: Path) -> None:
    assert_up_ends_in_the_table(tree)
    found = holder.read()
    assert found is not None
    os.kill(found.processes[AWS].pid, signal.SIGKILL)
    assert_up_ends_in_the_table(tree)
    assert lifecycle.status().running
