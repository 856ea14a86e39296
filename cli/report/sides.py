"""One side of a change: everything that a commit would make, and what the policy pack says of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from cli.events import Violation
from cli.report.weakening import Settings, settings
from warmlane import names
from warmlane.sender_config import CONFIG_KEY

Content = Mapping[str, Any]

JUDGES = (
    ".github",
    "cli",
    "lab/standins/aws",
    "policies",
    "warmlane",
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
)
"""Where the report, the rules and what they are decided by lie: a change there is judged by itself."""


@dataclass(frozen=True)
class WarmUp:
    """A campaign's way to its daily volume, as its sender will be told. Volumes in messages/day."""

    lane: str
    plan: str
    daily_volume: int
    first_limit: int
    reached: date
    wanted_by: date

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> WarmUp:
        """From the document that `warmlane.sender_config` writes. Raises KeyError and ValueError for another."""
        warm_up = document["warm_up"]
        limits, volume = warm_up["limits"], int(document["daily_volume"])
        days = next((day for day, limit in enumerate(limits) if limit >= volume), len(limits))
        return cls(
            lane=document["lane"],
            plan=warm_up["plan"],
            daily_volume=volume,
            first_limit=int(limits[0]),
            reached=date.fromisoformat(warm_up["starts"]) + timedelta(days=days),
            wanted_by=date.fromisoformat(document["wanted_by"]),
        )


@dataclass(frozen=True)
class Stack:
    """A rendered stack. `resources` are manifests by their path below the stack's directory, without suffix."""

    name: str
    project: str
    resources: Mapping[str, Content]
    passed: tuple[str, ...] = ()
    violations: tuple[Violation, ...] = ()
    error: str = ""
    """Why the stack could not be rendered, with the problems of its configuration; empty where it was."""

    @property
    def environment(self) -> str:
        """The environment that the stack belongs to."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def campaign(self) -> str:
        """The campaign's id, empty for an environment's own stack."""
        return self.name.rpartition(".")[0]

    @property
    def warm_up(self) -> WarmUp | None:
        """The campaign's warm-up, None where the stack has none that can be read."""
        for properties in self.resources.values():
            if properties.get("kind") == "ConfigMap" and properties["metadata"].get("name") == names.SENDER_CONFIG_MAP:
                try:
                    return WarmUp.read(json.loads(properties["data"][CONFIG_KEY]))
                except (KeyError, TypeError, ValueError):
                    return None
        return None


@dataclass(frozen=True)
class Side:
    """All stacks of a commit, by environment what the rules are told, and by file what judges.

    `beside_rules` are sentences by which it is refused beside the rules, as no stack's own run can see them.
    `unrendered` says why nothing of it could be rendered: then it has no stacks.
    """

    stacks: Mapping[str, Stack]
    settings: Mapping[str, Settings] = field(default_factory=dict)
    judges: Mapping[str, str] = field(default_factory=dict)
    beside_rules: tuple[str, ...] = ()
    unrendered: str = ""

    @property
    def blocking(self) -> list[tuple[Stack, Violation]]:
        """Violations that stop a deploy."""
        return [(stack, one) for stack in self.stacks.values() for one in stack.violations if one.blocks]

    @property
    def broken(self) -> list[Stack]:
        """Stacks that could not be rendered."""
        return [stack for stack in self.stacks.values() if stack.error]

    @property
    def refused(self) -> bool:
        """Whether it must not be deployed; what nobody has judged must not either."""
        return bool(self.blocking or self.broken or self.beside_rules or not self.rules)

    @property
    def rules(self) -> set[str]:
        """Rules that judged something."""
        return {
            *(rule for stack in self.stacks.values() for rule in stack.passed),
            *(one.policy for stack in self.stacks.values() for one in stack.violations),
        }


def read(rendered: Mapping[str, Mapping[str, Any]], out: Path, tree: Path) -> Side:
    """A side from what `warmlane --json render --all` printed for each environment, by its name, and wrote to `out`.

    `tree` is the repository that was rendered.
    """
    stacks = [stack for environment, document in rendered.items() for stack in _stacks(environment, document, out)]
    stacks += _strays(tree)
    return replace(
        unread(tree, ""), stacks={stack.name: stack for stack in stacks}, beside_rules=_beside_rules(rendered.values())
    )


def _beside_rules(documents: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What two environments share is told by the render of either."""
    found = [text for one in documents for key in ("collisions", "kept") for text in one.get(key, ())]
    return tuple(dict.fromkeys(found))


def unread(tree: Path, why: str) -> Side:
    """A side of which nothing could be rendered, and `why`: what can be read of its files all the same."""
    return Side({}, {name: settings(tree, name) for name in environments(tree)}, _digests(tree), unrendered=why)


def environments(tree: Path) -> list[str]:
    """Names of a repository's environments, sorted."""
    return sorted(file.name.split(".")[1] for file in tree.glob("Pulumi.*.yaml"))


def _strays(tree: Path) -> Iterator[Stack]:
    """Campaigns whose environment has no file, so that nobody renders or deploys them."""
    known = environments(tree)
    for file in sorted((tree / "campaigns").glob("Pulumi.*.yaml")):
        name = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
        environment = name.rpartition(".")[2]
        if environment not in known:
            advice = f"there is no environment {environment} (no file Pulumi.{environment}.yaml)"
            yield Stack(
                name, names.CAMPAIGN_PROJECT, {}, error=f"campaigns/{file.name}: {advice}. Remove or rename it."
            )


def _digests(tree: Path) -> dict[str, str]:
    """By file of what judges, relative to the repository, its digest; and of each environment's reflector."""
    places = [tree / place for place in JUDGES]
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*")))]
    found = {
        str(file.relative_to(tree)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and "__pycache__" not in file.parts
    }
    return found | {f"Pulumi.{name}.yaml: reflector": _reflector(tree, name) for name in environments(tree)}


def _reflector(tree: Path, environment: str) -> str:
    """Who judges, while mail leaves, by which address it does. No manifest shows it before the lane's own address is
    known, so a change of it would be seen nowhere else."""
    try:
        document = yaml.safe_load((tree / f"Pulumi.{environment}.yaml").read_text())
        return json.dumps(document["config"]["warmlane:environment"].get("reflector"), sort_keys=True)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        # `render` tells what is wrong with it.
        return ""


def _stacks(environment: str, document: Mapping[str, Any], out: Path) -> Iterator[Stack]:
    if "stacks" not in document:
        # The environment's configuration can't be used, so nothing of it was rendered.
        yield Stack(environment, names.ENVIRONMENT_PROJECT, {}, error=document["error"])
        return
    for found in document["stacks"]:
        policies = found["policies"]
        errors = [one["message"] for one in found["diagnostics"] if one["severity"] == "error"]
        yield Stack(
            name=found["stack"],
            project=found["project"],
            resources=_manifests(out / environment / found["stack"]),
            passed=tuple(policies["passed"]),
            violations=tuple(Violation(**one) for one in policies["violations"]),
            error="\n".join(errors),
        )


def _manifests(directory: Path) -> dict[str, Content]:
    return {
        str(file.relative_to(directory).with_suffix("")): yaml.load(file.read_text(), Loader=yaml.CSafeLoader)
        for file in sorted(directory.rglob("*.yaml"))
    }
