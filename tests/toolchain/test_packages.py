"""What a bare machine lacks is named at once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lab import settings
from lab.toolchain import packages

BOOTSTRAP = settings.REPOSITORY / "lab/bootstrap"


def test_only_what_dpkg_calls_installed_is_not_missing() -> None:
    listing = ["ii  runc", "rc  buildah", "hi  nftables", "un  socat"]
    assert packages.absent(["runc", "buildah", "nftables", "socat", "kmod"], listing) == ["buildah", "kmod", "socat"]


def test_the_command_names_every_package() -> None:
    assert packages.install_command(["a", "b"]).endswith("install --yes --no-remove --no-install-recommends a b")


def test_the_list_holds_each_package_once() -> None:
    names = packages.needed()
    assert len(names) == len(set(names))
    assert {"containerd", "runc", "buildah", "debootstrap", "clang-19", "llvm-19", "postgresql"} <= set(names)


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a person without root, Python, packages, disk and memory, by small programs first on PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    script(programs / "id", "echo 1000")
    script(programs / "dpkg-query", "exit 1")
    script(programs / "apt-get", "echo must not run >&2; exit 1")
    script(programs / "docker", "exit 1")
    script(programs / "df", "printf 'head\\n/dev/x 1 1 2097152 1 /\\n'")
    script(programs / "awk", 'case "$*" in *MemTotal*) echo 2 ;; *) exec /usr/bin/awk "$@" ;; esac')
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        script(programs / name, "exit 1")
    return {**os.environ, "PATH": f"{programs}:/usr/bin:/bin", "WARMLANE_CACHE": str(tmp_path), "PYTHON": ""}


def run(environment: dict[str, str], verb: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BOOTSTRAP, verb], env=environment, capture_output=True, text=True, timeout=60)


def test_everything_that_is_missing_is_named_at_once_with_its_command(bare: dict[str, str]) -> None:
    result = run(bare, "lab")
    assert result.returncode == 3
    lines = result.stderr.splitlines()
    assert lines[0] == "Missing on this machine:"
    expected = [
        "Python 3.11",
        "root, or a Docker daemon",
        "Debian packages: sudo apt-get",
        "disk: 2 GB",
        "memory: 2 GB",
    ]
    for line, beginning in zip(lines[1:], expected, strict=True):
        assert line.startswith(f"  - {beginning}"), line
    for package in packages.needed():
        assert package in lines[3], f"{package} is not in the command: {lines[3]}"


def test_the_quick_tests_need_only_python(bare: dict[str, str]) -> None:
    lines = run(bare, "quick").stderr.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("  - Python 3.11")


@pytest.mark.parametrize(
    ("uid", "daemon", "where"), [("0", "exit 1", "here"), ("1000", "exit 0", "docker"), ("1000", "exit 1", "nowhere")]
)
def test_where_the_lab_runs(bare: dict[str, str], tmp_path: Path, uid: str, daemon: str, where: str) -> None:
    script(tmp_path / "bin/id", f"echo {uid}")
    script(tmp_path / "bin/docker", daemon)
    assert run(bare, "where").stdout.strip() == where


def test_as_root_on_debian_it_installs_what_is_missing(bare: dict[str, str], tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    script(programs / "id", "echo 0")
    script(programs / "awk", 'case "$*" in *MemTotal*) echo 16 ;; *) echo 100 ;; esac')
    (tmp_path / "usr/sbin").mkdir(parents=True)
    bare["DPKG_ROOT"] = str(tmp_path)
    script(programs / "apt-get", f'echo "$@" >>{tmp_path}/apt; ln -sf /bin/true {programs}/python3.11')
    # The fake installation brings a Python that answers; the plan afterwards is not what is tested here.
    result = run(bare, "lab")
    asked = (tmp_path / "apt").read_text().splitlines()
    assert asked[0] == "update", "a new machine's package lists are empty"
    assert asked[1].startswith("install --yes --no-remove --no-install-recommends python3 python3-venv ")
    assert set(packages.needed()) <= set(asked[1].split())
    assert result.returncode == 0, result.stderr
    assert not (tmp_path / "usr/sbin/policy-rc.d").exists(), "services must start again as the machine wants them to"
