"""How a run of pytest picks and orders the lab's tests, tried in runs of its own over a small folder of tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import settings

STARTER = """
import os, sys
os.geteuid = lambda: {uid}
from lab import toolchain
toolchain.missing_packages = lambda: {packages}
import pytest
sys.exit(pytest.main(sys.argv[1:]))
"""

TESTS = """
import pytest

@pytest.mark.lab
def test_a_lab_test(): pass

def test_a_quick_test(): pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with this repository's conftest.py, one quick test and one lab test."""
    (tmp_path / "conftest.py").write_text((settings.REPOSITORY / "tests/conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n  lab: needs the lab\n  xdist_group: pytest-xdist's own\n"
    )
    (tmp_path / "test_some.py").write_text(TESTS)
    return tmp_path


def run(
    folder: Path, *arguments: str, uid: int = 0, packages: tuple[str, ...] = (), required: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        # Without the plugins of this project's environment each run takes half the time.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": f"{settings.REPOSITORY}:{folder}",
        settings.REQUIRE_LAB: required,
    }
    starter = STARTER.format(uid=uid, packages=list(packages))
    command = [sys.executable, "-c", starter, "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    return result.stdout.strip().splitlines()[-1]


def test_quick_tests_run_first(folder: Path) -> None:
    result = run(folder, "-v")
    assert result.returncode == 0, result.stdout
    assert result.stdout.index("test_a_quick_test PASSED") < result.stdout.index("test_a_lab_test PASSED")
    assert "2 passed in" in last_line(result), "with a lab the closing line is pytest's own"


@pytest.mark.parametrize("required", ["", "0", "true"])
def test_without_root_the_last_line_says_what_was_not_run(folder: Path, required: str) -> None:
    result = run(folder, uid=1000, required=required)
    assert result.returncode == 0, result.stdout
    assert last_line(result) == "1 passed; 1 lab tests not run: the lab needs root or a Docker daemon"


def test_missing_packages_are_named_in_the_last_line(folder: Path) -> None:
    result = run(folder, packages=("runc", "buildah"))
    assert last_line(result).startswith("1 passed; 1 lab tests not run: Debian packages are missing (runc, buildah)")


def test_a_required_lab_that_is_missing_fails_the_run(folder: Path) -> None:
    result = run(folder, uid=1000, required="1")
    assert result.returncode != 0
    assert last_line(result) == (
        "1 passed; 1 lab tests not run: the lab needs root or a Docker daemon, and WARMLANE_REQUIRE_LAB is set"
    )


@pytest.mark.parametrize(("required", "code"), [("", 0), ("1", pytest.ExitCode.USAGE_ERROR)])
def test_on_all_cores_the_last_line_is_the_same(folder: Path, required: str, code: int) -> None:
    workers = ["-p", "xdist", "-p", "xdist.looponfail", "--numprocesses", "2", "--dist", "loadgroup"]
    (folder / "sitecustomize.py").write_text("import os\nos.geteuid = lambda: 1000\n")
    result = run(folder, *workers, uid=1000, required=required)
    assert result.returncode == code, result.stdout
    assert last_line(result).startswith("1 passed; 1 lab tests not run: the lab needs root or a Docker daemon")


def test_one_worker_runs_all_that_the_one_lab_is_for(folder: Path) -> None:
    """Which pytest-xdist goes by the ids of pytest for, so another pytest may undo it in silence."""
    for number in range(4):
        test = f"import pytest\n@pytest.mark.lab\ndef test_a_lab_test(): pass\ndef test_{number}(): pass\n"
        (folder / f"test_{number}.py").write_text(test)
    workers = ["-p", "xdist", "-p", "xdist.looponfail", "--numprocesses", "2", "--dist", "loadgroup", "-v"]
    lines = [line for line in run(folder, *workers).stdout.splitlines() if "PASSED" in line]
    assert len({line[:5] for line in lines if "test_a_lab_test" in line}) == 1, lines
    assert len({line[:5] for line in lines}) == 2, lines


def test_tests_that_nobody_asked_for_are_not_counted(folder: Path) -> None:
    result = run(folder, "-m", "not lab", uid=1000, required="1")
    assert result.returncode == 0, result.stdout
    assert "1 passed, 1 deselected" in last_line(result)
