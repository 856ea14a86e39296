"""The workflows are what GitHub takes, run pinned code, and give a fork nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import settings

WORKFLOWS = sorted((settings.REPOSITORY / ".github/workflows").glob("*.yml"))
LONGEST_LINE = 120
PINNED = re.compile(r"^ *- uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def document(path: Path) -> Any:
    # YAML 1.1 reads the key `on` as a boolean.
    return yaml.load(path.read_text().replace("\non:", '\n"on":'), Loader=yaml.SafeLoader)


def test_there_are_the_four() -> None:
    assert [path.name for path in WORKFLOWS] == ["comment.yml", "deploy.yml", "drift.yml", "preview.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_fits_the_published_schema(path: Path) -> None:
    words = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(path)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_can_be_read_beside_its_change(path: Path) -> None:
    long = [number for number, line in enumerate(path.read_text().splitlines(), 1) if len(line) > LONGEST_LINE]
    assert long == [], f"{path.name}: lines of more than {LONGEST_LINE} characters"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if "uses:" in line]
    assert lines
    for line in lines:
        assert PINNED.match(line), f"{path.name}: {line.strip()} names no commit with its version beside it"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_step_pastes_foreign_text_into_a_shell(path: Path) -> None:
    for name, job in document(path)["jobs"].items():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), f"{path.name}, {name}: use `env`, a title may hold shell code"


def test_a_pull_requests_code_never_meets_a_writing_token() -> None:
    preview = document(settings.REPOSITORY / ".github/workflows/preview.yml")
    assert list(preview["on"]) == ["pull_request"], "pull_request_target would run a fork's code with our secrets"
    assert preview["permissions"] == {"contents": "read"}
    for name, job in preview["jobs"].items():
        assert "write" not in {level for scope, level in job.get("permissions", {}).items() if scope != "id-token"}, (
            f"{name} runs the pull request's code"
        )
    render = preview["jobs"]["render"]
    assert "permissions" not in render and "secrets." not in str(render) and "environment" not in render
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    assert own in preview["jobs"]["preview"]["if"], "only a branch of our own gets an identity"


def test_deploys_and_drift_of_one_environment_never_meet() -> None:
    groups = set()
    for name in ("deploy", "drift"):
        (job,) = document(settings.REPOSITORY / f".github/workflows/{name}.yml")["jobs"].values()
        groups.add(job["concurrency"]["group"])
        assert job["concurrency"]["cancel-in-progress"] is False, "an update that is cut off leaves work behind"
    assert len(groups) == 1
