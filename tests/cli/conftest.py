"""A repository's config files and a `pulumi` that only remembers what it was asked."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli import main

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "registry.example/warmlane@sha256:" + "5e" * 32


@dataclass
class World:
    """The fake engine's state and the copy of the repository's stack files."""

    repository: Path
    state: Path

    def stacks(self, **resources: int) -> None:
        """The stacks that the backend has, with their number of resources; `_` in a name stands for a dot."""
        named = {name.replace("__", "-").replace("_", "."): count for name, count in resources.items()}
        (self.state / "stacks.json").write_text(json.dumps(named))

    def engine_says(self, stack: str, events: Sequence[Mapping[str, Any]], status: int = 0) -> None:
        """What a run on a stack streams, and its exit status."""
        (self.state / f"{stack}.events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        (self.state / f"{stack}.status").write_text(str(status))

    def knows(self, stack: str, deployment: Mapping[str, Any]) -> None:
        """What a stack's state holds."""
        (self.state / f"{stack}.export.json").write_text(json.dumps(deployment))

    @property
    def calls(self) -> list[dict[str, Any]]:
        """What the engine was asked, in order."""
        path = self.state / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def runs(self, verb: str) -> list[list[str]]:
        """The words of each call of a verb."""
        return [call["words"] for call in self.calls if call["words"][0] == verb]

    def cluster(self, objects: Mapping[str, Any]) -> None:
        """What the API server has, by path. Before, no cluster answers."""
        (self.state / "cluster.json").write_text(json.dumps(objects))

    @property
    def kubectl(self) -> list[list[str]]:
        """The words of each call of kubectl, without the context."""
        path = self.state / "kubectl.jsonl"
        return [json.loads(line)[2:] for line in path.read_text().splitlines()] if path.exists() else []

    def change(self, file: str, old: str, new: str) -> None:
        """Changes a text in a stack file, which must be there."""
        path = self.repository / file
        text = path.read_text()
        assert old in text, f"{old!r} does not stand in {file}"
        path.write_text(text.replace(old, new))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A copy of the committed stack files with a cluster that is nobody's, and fakes of `pulumi` and `kubectl` first
    on PATH."""
    repository, state, programs = tmp_path / "repository", tmp_path / "state", tmp_path / "bin"
    made = ("campaigns", "policies/config", ".lab")
    for directory in (*(repository / name for name in made), state, programs, state / "backend"):
        directory.mkdir(parents=True)
    copied = ("Pulumi*.yaml", "campaigns/Pulumi*.yaml", "policies/config/*.json")
    for path in (path for pattern in copied for path in ROOT.glob(pattern)):
        shutil.copy(path, repository / path.relative_to(ROOT))
    names = ("sender", "prometheus", "alertmanager", "postgresql")
    (repository / ".lab/images.json").write_text(json.dumps(dict.fromkeys(names, IMAGE)))
    for name in ("pulumi", "kubectl"):
        fake = Path(__file__).parent / f"fake_{name}.py"
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {fake} "$@"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("WARMLANE_FAKE", str(state))
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{state / 'backend'}")
    monkeypatch.chdir(repository)
    found = World(repository, state)
    found.change("Pulumi.dev.yaml", "context: warmlane-lab", "context: somebody-elses")
    # Without an account there is nobody to ask for what state does not know; test_found.py asks one.
    text = (repository / "Pulumi.dev.yaml").read_text()
    start, end = text.index("    aws:\n"), text.index("    egress:\n")
    text = text[:start] + text[end:]
    start, end = text.index("    egress:\n"), text.index("    lanes:\n")
    text = text[:start] + "    egress: {strategy: external}\n" + text[end:]
    for lane, address in (("amber", "192.0.2.11"), ("birch", "192.0.2.12")):
        more = f'        address: {address}\n        node_labels: {{lane: {lane}}}\n        started: "2026-11-02"\n'
        text = text.replace(f'      {lane}:\n        started: "2026-11-02"\n', f"      {lane}:\n{more}")
    (repository / "Pulumi.dev.yaml").write_text(text)
    found.stacks(dev=9, spring__sale_dev=5, newsletter_dev=5)
    return found


@pytest.fixture
def warmlane(world: World, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command; gives exit code, standard output and standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main.main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
