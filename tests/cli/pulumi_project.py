"""Pulumi's own engine on a small project, with a backend of its own and the lab's stand-ins. No lab is needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab import standins, toolchain
from tests.cli.conftest import ROOT


@dataclass(frozen=True)
class Project:
    """Pulumi on a project of one stack, `prod`."""

    directory: Path
    pulumi: Path
    variables: Mapping[str, str]

    def attempt(self, *arguments: str, text: str | None = None, **more: str) -> tuple[int, str]:
        """Exit status, and all that a command said; `more` are environment variables."""
        done = subprocess.run(
            [str(self.pulumi), *arguments, "--non-interactive"],
            cwd=self.directory,
            env={**self.variables, **more},
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
        )
        return done.returncode, done.stdout

    def run(self, *arguments: str, text: str | None = None, **more: str) -> str:
        """What a command said that must succeed."""
        status, said = self.attempt(*arguments, text=text, **more)
        assert status == 0, said
        return said

    def exported(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.run("stack", "export"))
        return document

    def ids(self) -> dict[str, tuple[str, str]]:
        """Type and id by logical name of what the state knows of AWS."""
        resources = self.exported()["deployment"]["resources"]
        return {
            one["urn"].rpartition("::")[2]: (one["type"], one["id"])
            for one in resources
            if one["type"].startswith("aws:")
        }

    def forget(self, lost: set[str]) -> dict[str, Any]:
        """Takes resources out of the state, as if their calls had not been written down; returns what is left."""
        document = self.exported()
        deployment = document["deployment"]
        deployment["resources"] = [one for one in deployment["resources"] if one["type"] not in lost]
        self.run("stack", "import", text=json.dumps(document))
        return dict(deployment)


def project(place: Path, files: Mapping[str, str], variables: Mapping[str, str]) -> Project:
    """A new project with these files, and its stack."""
    programs, directory, state, home = (place / name for name in ("bin", "project", "state", "home"))
    standins.install(programs, Path(sys.executable))
    for made in (directory, state, home):
        made.mkdir()
    document = {
        "name": "warmlane",
        "runtime": {"name": "python", "options": {"virtualenv": sys.prefix}},
        "config": {"pulumi:disable-default-providers": {"value": ["aws", "kubernetes"]}},
    }
    for name, text in {"Pulumi.yaml": yaml.safe_dump(document), **files}.items():
        (directory / name).write_text(text)
    everything = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")},
        **variables,
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": "tests-only",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }
    found = Project(directory, toolchain.ensure(print).path("pulumi"), everything)
    found.run("stack", "init", "prod")
    return found
