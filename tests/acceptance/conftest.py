"""The deployed environment as the acceptance tests see it: the engine, the cluster, and a copy to spoil."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import invocation, locks
from cli.cluster import Cluster
from cli.engine import Engine, variables_with
from cli.invocation import lab_exports
from cli.stacks import Stack
from lab import settings
from tests.acceptance import world

ROOT = settings.REPOSITORY
ENVIRONMENT = "dev"
CAMPAIGNS = ("spring-sale", "newsletter")
WARMLANE = ROOT / ".venv/bin/warmlane"
COPIED = ("infra", "campaigns", "components", "policies", "warmlane", "tests")


clean_at_first = pytest.StashKey[bool]()


def uncommitted() -> str:
    """What `git status` shows of the repository; nothing when it is clean."""
    status = ["git", "status", "--porcelain"]
    return subprocess.run(status, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def pytest_configure(config: pytest.Config) -> None:
    config.stash[clean_at_first] = uncommitted() == ""


@pytest.fixture(scope="session", autouse=True)
def a_clean_tree_stays_clean(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fails the last test when the whole run has left something in the repository."""
    yield
    if pytestconfig.stash[clean_at_first]:
        left = uncommitted()
        assert left == "", f"the tests left this in the repository (or it was edited meanwhile):\n{left}"


@pytest.fixture(scope="session")
def engine(deployed: Any) -> Engine:
    """Pulumi as `warmlane` runs it."""
    return Engine(ROOT, ENVIRONMENT, variables_with(lab_exports()))


@pytest.fixture(scope="session")
def cluster(engine: Engine) -> Cluster:
    """The lab's cluster."""
    return Cluster(settings.KUBE_CONTEXT, engine.variables)


@pytest.fixture
def addresses(engine: Engine) -> Any:
    """EC2 of the lab."""
    return world.client("ec2", engine.variables)


@dataclass
class Copy:
    """A copy of programs, pack and stack files, which the engine runs instead of the repository's."""

    directory: Path
    variables: dict[str, str]

    def change(self, file: str, changes: Mapping[str, object]) -> None:
        """Sets dotted paths below the stack file's own key."""
        path = self.directory / file
        document = yaml.safe_load(path.read_text())
        body = document["config"]["warmlane:campaign" if file.startswith("campaigns/") else "warmlane:environment"]
        for key, value in changes.items():
            *above, last = key.split(".")
            place = body
            for part in above:
                place = place[part]
            place[last] = value
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def rename_campaign(self, old: str, new: str) -> None:
        """Calls a campaign otherwise, in its stack file, the environment's, and the programs that break rules."""
        stack_file = self.directory / f"campaigns/Pulumi.{old}.dev.yaml"
        stack_file.rename(self.directory / f"campaigns/Pulumi.{new}.dev.yaml")
        programs = (self.directory / "tests/programs").rglob("*.py")
        for path in [*self.directory.glob("Pulumi.*.yaml"), *(self.directory / "campaigns").glob("*.yaml"), *programs]:
            path.write_text(path.read_text().replace(old, new))

    @property
    def engine(self) -> Engine:
        """Pulumi on the copy."""
        return Engine(self.directory, ENVIRONMENT, variables_with(self.variables))


@pytest.fixture
def copy(tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """The copy, with the command run inside it; its programs import from the copy as well."""
    directory = tmp_path / "repository"
    directory.mkdir()
    for name in COPIED:
        shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("Pulumi*.yaml"):
        shutil.copy(path, directory)
    for name in (".venv", ".lab"):
        (directory / name).symlink_to(ROOT / name)
    made = Copy(directory, {**lab_exports(), "PYTHONPATH": str(directory)})
    monkeypatch.setattr(invocation, "lab_exports", lambda: made.variables)
    monkeypatch.chdir(directory)
    return made


def engine_of(stack: Stack, seconds: float) -> int:
    """The process that holds a stack's lock, once there is one."""
    place = locks.directory(f"file://{settings.PULUMI_BACKEND}", stack)
    assert place is not None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        held = locks.locks(place)
        if held:
            return held[0].pid
        time.sleep(0.05)
    raise AssertionError(f"no engine took the lock of {stack.name} within {seconds:.0f} s")


def sender_pods(cluster: Cluster, campaign: str) -> list[dict[str, Any]]:
    """The sender's running pods."""
    path = f"/api/v1/namespaces/campaign-{campaign}/pods?labelSelector=app%3Demail-sender-{campaign}"
    pods: list[dict[str, Any]] = cluster.get(path)["items"]
    running = [
        pod for pod in pods if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
    ]
    assert running, f"{campaign} has no running sender"
    return running
