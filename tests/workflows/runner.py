"""Runs a workflow's `run:` steps as GitHub's runner does: in order, with expressions filled in, until one fails.

Actions (`uses:`) are passed over but for artifacts, which go from job to job. The part of the expression language that
the repository's workflows use is all there is; anything else is an error.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
PATH = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+")
UPLOAD, DOWNLOAD = "actions/upload-artifact", "actions/download-artifact"


@dataclass
class Ran:
    """A job that ran: `result` as GitHub names it, and what each `run:` step printed, by its name."""

    result: str = "success"
    output: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Runner:
    """`github` is the context of that name, `artifacts` a directory; `variables` are all that a step's shell gets."""

    workflow: Path
    clone: Path
    github: Mapping[str, Any]
    variables: Mapping[str, str]
    artifacts: Path
    vars: Mapping[str, str] = field(default_factory=dict)
    done: dict[str, Ran] = field(default_factory=dict)

    def run(self) -> dict[str, Ran]:
        """Runs every job whose condition holds, in the file's order; a matrix one after the other."""
        document = yaml.safe_load(self.workflow.read_text())
        for name, job in document["jobs"].items():
            needs = job.get("needs", [])
            needed = [self.done[one].result for one in ([needs] if isinstance(needs, str) else needs)]
            condition = str(job.get("if", "success()"))
            waits = "cancelled()" not in condition
            if (waits and any(result != "success" for result in needed)) or not self.holds(condition, {}):
                self.done[name] = Ran("skipped")
                continue
            self.done[name] = self._job(job)
        return self.done

    def _job(self, job: Mapping[str, Any]) -> Ran:
        ran = Ran()
        for matrix in self._matrix(job):
            steps: dict[str, Any] = {}
            context = {"matrix": matrix, "steps": steps}
            environment = self._filled(job.get("env", {}), context)
            for step in job["steps"]:
                failed = ran.result == "failure"
                condition = str(step.get("if", ""))
                if (failed and "cancelled()" not in condition) or not self.holds(condition or "success()", context):
                    continue
                self._step(step, ran, environment, context)
            ran.outputs = self._filled(job.get("outputs", {}), context)
        return ran

    def _matrix(self, job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        given = job.get("strategy", {}).get("matrix", {})
        if not given:
            return [{}]
        ((key, values),) = given.items()
        if isinstance(values, str):
            values = json.loads(self._text(values.replace("fromJSON(", "").replace(")", ""), {}))
        return [{key: value} for value in values]

    def _step(self, step: Mapping[str, Any], ran: Ran, environment: Mapping[str, str], context: dict[str, Any]) -> None:
        if "uses" in step:
            self._action(step, context)
            return
        outputs = self.artifacts / "step-outputs"
        outputs.write_text("")
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.clone,
            env={
                **self.variables,
                **environment,
                **self._filled(step.get("env", {}), context),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_REPOSITORY": self.github["repository"],
            },
            capture_output=True,
            text=True,
            timeout=280,
        )
        ran.output[step["name"]] = done.stdout + done.stderr
        if "id" in step:
            pairs = (line.split("=", 1) for line in outputs.read_text().splitlines())
            context["steps"][step["id"]] = {"outputs": dict(pairs)}
        if done.returncode:
            ran.result = "failure"

    def _action(self, step: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        action, given = step["uses"].split("@")[0], self._filled(step.get("with", {}), context)
        if action == UPLOAD:
            shutil.copytree(self.clone / given["path"], self.artifacts / given["name"], dirs_exist_ok=True)
        if action == DOWNLOAD:
            pattern = given.get("pattern", given.get("name", ""))
            merged = "name" in given or given.get("merge-multiple") == "True"
            for artifact in sorted(path for path in self.artifacts.glob(pattern) if path.is_dir()):
                target = self.clone / given["path"] / ("" if merged else artifact.name)
                shutil.copytree(artifact, target, dirs_exist_ok=True)

    def _filled(self, values: Mapping[str, Any], context: Mapping[str, Any]) -> dict[str, str]:
        return {key: self._text(str(value), context) for key, value in values.items()}

    def _text(self, text: str, context: Mapping[str, Any]) -> str:
        return EXPRESSION.sub(lambda found: str(self.value(found[1], context)), text)

    def value(self, path: str, context: Mapping[str, Any]) -> Any:
        """What a dotted path names; empty where there is nothing, as GitHub has it."""
        found: Any = {
            "github": self.github,
            "vars": self.vars,
            "needs": {name: {"result": ran.result, "outputs": ran.outputs} for name, ran in self.done.items()},
            **context,
        }
        for key in path.split("."):
            found = found.get(key, "") if isinstance(found, Mapping) else ""
        return found

    def holds(self, condition: str, context: Mapping[str, Any]) -> bool:
        """Whether a condition of `==`, `!=`, `&&`, `success()` and `!cancelled()` holds; no step here is cancelled."""
        bare = EXPRESSION.sub(lambda found: found[1], condition)
        return all(self._one(part.strip(), context) for part in bare.split("&&"))

    def _one(self, term: str, context: Mapping[str, Any]) -> bool:
        if term in ("success()", "!cancelled()"):
            return True
        for operator in ("==", "!="):
            if operator in term:
                left, right = (self._operand(side.strip(), context) for side in term.split(operator))
                return (left == right) is (operator == "==")
        raise ValueError(f"the runner can't judge the condition {term!r}")

    def _operand(self, text: str, context: Mapping[str, Any]) -> str:
        if text.startswith("'"):
            return text.strip("'")
        if not PATH.fullmatch(text):
            raise ValueError(f"the runner can't read {text!r}")
        return str(self.value(text, context))
