"""Keys of the cache: they change exactly when what is built may change."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from lab.toolchain import TOOLS, catalogue

NEEDED = {
    "pulumi",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kubectl",
    "cilium-agent",
    "cilium-cni",
    "coredns",
    "prometheus",
    "promtool",
    "pause",
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of tools/ that a test may change."""
    copy = tmp_path / "tools"
    shutil.copytree(catalogue.TOOLS_DIRECTORY, copy)
    monkeypatch.setattr(catalogue, "TOOLS_DIRECTORY", copy)
    return copy


def test_every_program_of_the_lab_has_one_tool() -> None:
    programs = [program for tool in TOOLS.values() for program in tool.programs]
    assert sorted(programs) == sorted(NEEDED)


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_is_pinned_at_the_version_it_is_named_by(name: str) -> None:
    tool = TOOLS[name]
    module = (tool.directory / "go.mod").read_text()
    assert f"module warmlane.dev/tools/{name}" in module
    if name != "pause":
        assert f" v{tool.version}" in module, f"tools/{name}/go.mod does not require v{tool.version}"


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_a_changed_pin_changes_that_tools_key_alone(modules: Path, file: str) -> None:
    before = {name: tool.key() for name, tool in TOOLS.items()}
    with (modules / "etcd" / file).open("a") as handle:
        handle.write("// another pin\n")
    changed = {name for name, tool in TOOLS.items() if tool.key() != before[name]}
    assert changed == {"etcd"}


def test_other_flags_make_another_key() -> None:
    tool = TOOLS["coredns"]
    variants = [replace(tool, variables={"main.version": "2"}), replace(tool, static=False), replace(tool, version="2")]
    keys = {tool.key(), *(variant.key() for variant in variants)}
    assert len(keys) == 1 + len(variants)


def test_the_clone_is_not_part_of_the_key(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {name: tool.key() for name, tool in TOOLS.items()}
    monkeypatch.undo()
    assert {name: tool.key() for name, tool in TOOLS.items()} == elsewhere, "clones could not share the cache"


def test_versions_are_stamped_in_as_the_programs_expect() -> None:
    assert "common/version.Version=v3.259.0" in TOOLS["pulumi"].ldflags
    assert "version.gitVersion=v1.35.4" in TOOLS["kubernetes"].ldflags
    assert "version.gitMinor=35" in TOOLS["kubernetes"].ldflags


def test_minutes_add_up_and_are_nothing_when_nothing_is_left() -> None:
    assert catalogue.minutes_left([]) == 0
    assert catalogue.minutes_left([TOOLS["pause"]]) == 1
    assert catalogue.minutes_left(list(TOOLS.values())) <= 20, "the one-time build aims at 20 minutes on two cores"
