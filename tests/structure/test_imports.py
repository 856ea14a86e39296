"""Imports point one way, so that the domain can be read, tested and shipped without Pulumi or a cluster."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
ROOMS = {"warmlane", "components", "infra", "campaigns", "policies", "cli", "services", "lab", "tests", "bench"}
MAY_IMPORT = {
    "warmlane": set(),
    "components": {"warmlane"},
    "infra": {"components", "warmlane"},
    "campaigns": {"components", "warmlane"},
    "policies": {"warmlane"},
    "services": {"warmlane"},
}
PULUMI_FREE = ("warmlane", "services")


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports, at any depth of nesting."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def modules(room: str) -> list[Path]:
    return sorted((REPOSITORY / room).rglob("*.py"))


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    assert modules(room), f"{room}/ holds no module, so this test would prove nothing"
    allowed = MAY_IMPORT[room] | {room}
    wrong = {
        str(path.relative_to(REPOSITORY)): sorted((imported(path) & ROOMS) - allowed)
        for path in modules(room)
        if (imported(path) & ROOMS) - allowed
    }
    assert not wrong, f"imports against the direction of the design: {wrong}"


@pytest.mark.parametrize("room", PULUMI_FREE)
def test_the_domain_and_the_services_do_not_need_pulumi(room: str) -> None:
    wrong = [str(path) for path in modules(room) if {"pulumi", "pulumi_aws", "pulumi_kubernetes"} & imported(path)]
    assert not wrong, f"{room}/ must run where Pulumi is not installed: {wrong}"
