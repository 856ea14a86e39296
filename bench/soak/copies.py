"""A copy of the repository with more lanes and campaigns than are committed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from cli.engine import variables_with
from lab import environment, settings
from tests.clone import copied

ENVIRONMENT = "dev"
TEMPLATE = "spring-sale"


class Copy:
    """The repository's files, the lab's own files and this interpreter; `warmlane` runs as in a clone."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        copied(directory)
        (directory / ".venv").symlink_to(settings.REPOSITORY / ".venv")
        shutil.copytree(settings.LOCAL, directory / ".lab", symlinks=True)

    def add_campaign(self, campaign: str, lane: str) -> None:
        """A lane, its lease and a campaign like the shipped one."""
        path = self.directory / f"Pulumi.{ENVIRONMENT}.yaml"
        document = yaml.safe_load(path.read_text())
        config = document["config"]["warmlane:environment"]
        config["lanes"][lane] = next(iter(config["lanes"].values()))
        config["leases"][campaign] = {"lane": lane, "since": "2026-11-02"}
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        shipped = self.directory / "campaigns" / f"Pulumi.{TEMPLATE}.{ENVIRONMENT}.yaml"
        text = shipped.read_text().replace(TEMPLATE, campaign)
        (self.directory / "campaigns" / f"Pulumi.{campaign}.{ENVIRONMENT}.yaml").write_text(text)
        secrets = self.directory / ".lab" / "secrets.json"
        known = json.loads(secrets.read_text())
        known["submission"].setdefault(campaign, known["submission"][TEMPLATE])
        secrets.write_text(json.dumps(known))

    def proposed(self) -> list[dict[str, Any]]:
        """The steps that a preview of the environment's own stack proposes, as the engine tells them."""
        command = ["pulumi", "preview", "-s", ENVIRONMENT, "--json", "--non-interactive"]
        variables = {**variables_with(environment.exports()), "PYTHONPATH": str(self.directory)}
        run = subprocess.run(command, cwd=self.directory, env=variables, capture_output=True, text=True, check=False)
        if run.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {run.returncode}:\n{run.stdout}\n{run.stderr}")
        steps: list[dict[str, Any]] = json.loads(run.stdout)["steps"]
        return steps

    def warmlane(self, *arguments: str) -> dict[str, Any]:
        """The JSON document of a command. Raises SystemExit with its output when it fails."""
        command = [settings.REPOSITORY / ".venv" / "bin" / "warmlane", "--json", *arguments]
        run = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False)
        if run.returncode:
            raise SystemExit(f"warmlane {' '.join(arguments)} ended with {run.returncode}:\n{run.stdout}\n{run.stderr}")
        document: dict[str, Any] = json.loads(run.stdout)
        return document
