"""Pulumi's real engine on a copy of the repository, with an API server and an AWS of the tests' own and no node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.events import Record
from lab import settings, standins, toolchain
from lab.aws.server import listening
from tests.policies.recording import IMAGE
from tests.standins.kubernetes import api_server

COPIED = ("infra", "campaigns", "components", "policies", "warmlane", "tests")
KEY = "warmlane:environment"
SECONDS = 240


@dataclass
class Ran:
    """What a command of the engine did and said."""

    code: int
    output: str
    record: Record


@dataclass
class World:
    """The copy, and the engine's variables."""

    directory: Path
    pulumi: Path
    variables: dict[str, str]

    def command(self, *arguments: str, directory: str = ".", **extra: str) -> Ran:
        """Runs `pulumi`; events of a preview or update are in the record."""
        log = self.directory / "events.json"
        log.unlink(missing_ok=True)
        logged = ["--event-log", str(log)] if arguments[0] in {"preview", "up"} else []
        done = subprocess.run(
            [str(self.pulumi), *arguments, *logged, "--non-interactive", "--color", "never"],
            cwd=self.directory / directory,
            env={**self.variables, **extra},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        record = Record()
        for line in log.read_text().splitlines() if log.exists() else []:
            record.take(json.loads(line))
        return Ran(done.returncode, done.stdout + done.stderr, record)

    def change(self, environment: str, **values: Any) -> None:
        """Sets keys of an environment's config."""
        path = self.directory / f"Pulumi.{environment}.yaml"
        document = yaml.safe_load(path.read_text())
        document["config"][KEY] |= values
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def config(self, environment: str) -> dict[str, Any]:
        """An environment's config."""
        found: dict[str, Any] = yaml.safe_load((self.directory / f"Pulumi.{environment}.yaml").read_text())["config"]
        return found[KEY]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[api_server.Cluster]:
    with api_server.running(toolchain.ensure(print), tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with listening() as url:
        yield url


@pytest.fixture
def world(cluster: api_server.Cluster, tmp_path: Path) -> World:
    """The copy with an empty backend; nothing of the machine's own Pulumi or cluster is seen."""
    directory, programs = tmp_path / "repository", tmp_path / "bin"
    for name in COPIED:
        shutil.copytree(settings.REPOSITORY / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in settings.REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(path, directory)
    (directory / ".venv").symlink_to(sys.prefix)
    standins.install(programs, Path(sys.executable))
    for name in ("state", "home"):
        (tmp_path / name).mkdir()
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "KUBECONFIG", "AWS_"))},
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "PYTHONPATH": str(directory),
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "tests-only",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DEBUG_COMMANDS": "1",
    }
    return World(directory, toolchain.ensure(print).path("pulumi"), variables)


def filled(world: World, cluster: api_server.Cluster, endpoint: str, environment: str) -> None:
    """Writes what an example of a config can't have: digests, secrets, and where AWS and the cluster are."""
    config: Mapping[str, Any] = world.config(environment)
    images = dict.fromkeys(("sender", "prometheus", "alertmanager", "postgresql"), IMAGE)
    world.change(environment, images=images, aws={**config["aws"], "endpoint": endpoint})
    context = config["cluster"]["context"]
    document = yaml.safe_load(cluster.kubeconfig.read_text())
    document["contexts"][0]["name"] = document["current-context"] = context
    Path(world.variables["KUBECONFIG"]).write_text(yaml.safe_dump(document))
    assert world.command("stack", "select", "--create", environment).code == 0
    for secret in ("grafana_admin_password", "store_superuser_password"):
        told = world.command("config", "set", "--secret", f"warmlane:{secret}", "a-password", "-s", environment)
        assert told.code == 0, told.output
