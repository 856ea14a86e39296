"""Which stand-ins are put on PATH, and that they give way to real programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab import environment, standins

EVERY = set(standins.MODULES)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def real(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x7fELF")
    path.chmod(0o755)


def test_a_bare_machine_gets_every_stand_in(home: Path, tmp_path: Path) -> None:
    assert set(environment.missing(str(tmp_path))) == EVERY


def test_a_real_program_on_path_is_used(home: Path, tmp_path: Path) -> None:
    real(tmp_path / "bin" / "pulumi-resource-aws")
    assert set(environment.missing(f"/nowhere:{tmp_path / 'bin'}")) == EVERY - {"pulumi-resource-aws"}


def test_a_plugin_that_pulumi_has_downloaded_is_used(home: Path, tmp_path: Path) -> None:
    real(home / "plugins" / "resource-kubernetes-v4.34.2" / "pulumi-resource-kubernetes")
    (home / "plugins" / "resource-aws-native-v1.0.0").mkdir()
    assert set(environment.missing(str(tmp_path))) == EVERY - {"pulumi-resource-kubernetes"}


def test_another_clones_stand_in_is_not_taken_for_a_real_program(home: Path, tmp_path: Path) -> None:
    standins.install(tmp_path / "other", Path(sys.executable))
    assert set(environment.missing(str(tmp_path / "other"))) == EVERY


def test_a_stand_in_goes_once_the_real_program_is_there(tmp_path: Path) -> None:
    standins.install(tmp_path, Path(sys.executable))
    standins.install(tmp_path, Path(sys.executable), ["pulumi-language-python"])
    assert [one.name for one in tmp_path.iterdir()] == ["pulumi-language-python"]
