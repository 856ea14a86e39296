"""Pulumi's real engine on a copy of the repository, with an API server and an AWS of the tests' own and no node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.events import Record
from lab import settings, standins, toolchain
from tests.policies.recording import IMAGE
from tests.programs.cases import Program
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

    def command(self, *arguments: str, directory: str = ".") -> Ran:
        """Runs `pulumi`; events of a preview or update are in the record."""
        log = self.directory / "events.json"
        log.unlink(missing_ok=True)
        logged = ["--event-log", str(log)] if arguments[0] in {"preview", "up"} else []
        done = subprocess.run(
            [str(self.pulumi), *arguments, *logged, "--non-interactive", "--color", "never"],
            cwd=self.directory / directory,
            env=self.variables,
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

    def settle(self, cluster: api_server.Cluster, endpoint: str, environment: str) -> None:
        """Writes where the environment's cluster and its AWS are."""
        config = self.config(environment)
        self.change(environment, aws=config["aws"] | {"endpoint": endpoint})
        document = yaml.safe_load(cluster.kubeconfig.read_text())
        document["contexts"][0]["name"] = document["current-context"] = config["cluster"]["context"]
        Path(self.variables["KUBECONFIG"]).write_text(yaml.safe_dump(document))

    def fill(self, environment: str) -> None:
        """Writes what an example of a config can't have: digests, and secrets."""
        self.change(environment, images=dict.fromkeys(("sender", "prometheus", "alertmanager", "postgresql"), IMAGE))
        assert self.command("stack", "select", "--create", environment).code == 0
        for secret in ("grafana_admin_password", "store_superuser_password", "store_key"):
            told = self.command("config", "set", "--secret", f"warmlane:{secret}", "a-password", "-s", environment)
            assert told.code == 0, told.output


def world(place: Path) -> World:
    """A copy in a directory, with an empty backend; nothing of the machine's own Pulumi or cluster is seen."""
    directory, programs = place / "repository", place / "bin"
    for name in COPIED:
        shutil.copytree(settings.REPOSITORY / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in settings.REPOSITORY.glob("Pulumi*.yaml"):
        shutil.copy(path, directory)
    (directory / ".venv").symlink_to(sys.prefix)
    standins.install(programs, Path(sys.executable))
    for name in ("state", "home"):
        (place / name).mkdir()
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "KUBECONFIG", "AWS_"))},
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "PYTHONPATH": str(directory),
        "KUBECONFIG": str(place / "kubeconfig"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PULUMI_HOME": str(place / "home"),
        "PULUMI_BACKEND_URL": f"file://{place / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": settings.PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PULUMI_DEBUG_COMMANDS": "1",
    }
    return World(directory, toolchain.ensure(print).path("pulumi"), variables)


def know_cilium(cluster: api_server.Cluster) -> None:
    """Lets the API server know Cilium's kinds, as a cluster with Cilium does."""
    for path in toolchain.ensure(print).crds.glob("**/*.yaml"):
        for document in yaml.safe_load_all(path.read_text()):
            name = document["metadata"]["name"]
            cluster.apply(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}", document)


def refusals(there: World, program: Program) -> list[str]:
    """What is wrong with the way in which the engine refuses a program, in preview and in update; nothing if all is."""
    is_campaign = "." in program.stack
    project, pack = ("campaigns", "../policies") if is_campaign else (".", "policies")
    main = there.directory / ("campaigns" if is_campaign else "infra") / "__main__.py"
    shutil.copy(there.directory / "tests/programs" / program.rule / "__main__.py", main)
    wrong = list[str]()
    created = there.command("stack", "select", "--create", program.stack, directory=project)
    if created.code != 0:
        return [created.output]
    for verb, confirmed in (("preview", ()), ("up", ("--yes",))):
        ran = there.command(verb, "-s", program.stack, "--policy-pack", pack, *confirmed, directory=project)
        told = [violation for violation in ran.record.violations if violation.policy == program.rule]
        if ran.code == 0 or not any(violation.blocks and program.text in violation.message for violation in told):
            wrong.append(f"{verb} of {program.rule} ended with {ran.code}: {ran.output}")
        if ran.record.failed:
            wrong.append(f"{verb} of {program.rule} failed on {', '.join(ran.record.failed)} before it was refused")
    exported = there.command("stack", "export", "-s", program.stack, directory=project)
    made = json.loads(exported.output)["deployment"].get("resources") or []
    if any(resource["custom"] and not resource["type"].startswith("pulumi:") for resource in made):
        wrong.append(f"up of {program.rule} made something before it was refused")
    return wrong
