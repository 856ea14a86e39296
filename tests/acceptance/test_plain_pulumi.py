"""After `warmlane up` plain Pulumi has nothing to do, and nothing committed has changed."""

from __future__ import annotations

import subprocess

import pytest

from cli.engine import Engine
from tests.acceptance.conftest import CAMPAIGNS, ENVIRONMENT, ROOT

pytestmark = pytest.mark.lab

STACKS = [(".", ENVIRONMENT), *(("campaigns", f"{campaign}.{ENVIRONMENT}") for campaign in CAMPAIGNS)]


@pytest.mark.parametrize(("directory", "stack"), STACKS)
def test_a_plain_preview_proposes_nothing(engine: Engine, directory: str, stack: str) -> None:
    pack = "policies" if directory == "." else "../policies"
    command = ["pulumi", "preview", "-s", stack, "--policy-pack", pack, "--expect-no-changes", "--non-interactive"]
    result = subprocess.run(
        command, cwd=ROOT / directory, env=engine.variables, capture_output=True, text=True, timeout=240
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_stack_file_was_written_to(deployed: object) -> None:
    files = ["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "campaigns"]
    status = subprocess.run(
        ["git", "status", "--porcelain", "--", *files], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert status.stdout == "", "a run must leave the committed stack files as they are"
