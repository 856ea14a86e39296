"""Renders both sides of a change and writes what lies between them: comment.md, report.sarif, affected.json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.outcome import Code, Misused, WorldFailed
from cli.output import Output
from cli.report import markdown, sarif
from cli.report.changes import StackChange, affected
from cli.report.sides import Side, environments, read, unread
from policies.rules import RULES
from warmlane import config
from warmlane.errors import ConfigError

RENDER = "from cli.main import run; run()"
OUTPUT_VARIABLE = "GITHUB_OUTPUT"
"""File that takes a workflow step's outputs."""


def run(output: Output, repository: Path, base: str, out: Path, previews: Path | None) -> Code:
    """Writes the report of the working copy against a commit into `out`. Raises Misused and WorldFailed."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="warmlane-report-") as scratch:
        output.note("rendering the working copy")
        try:
            head_side = side(repository, Path(scratch) / "head-manifests")
        except WorldFailed as failure:
            (out / "comment.md").write_text(markdown.unrendered(str(failure)))
            raise
        output.note(f"rendering {base}")
        with checked_out(repository, base, Path(scratch) / "base") as tree:
            base_side = base_of(output, base, tree, Path(scratch) / "base-manifests")
    changes = affected(base_side, head_side)
    calls = invocations(changes, of_one_machine(repository))
    (out / "comment.md").write_text(markdown.comment(base_side, head_side, engine_counts(previews)))
    (out / "report.sarif").write_text(json.dumps(sarif.document(head_side, RULES), indent=1) + "\n")
    (out / "affected.json").write_text(json.dumps(calls) + "\n")
    if os.environ.get(OUTPUT_VARIABLE):
        with Path(os.environ[OUTPUT_VARIABLE]).open("a") as file:
            file.write(f"affected={json.dumps(calls)}\n")
    for line in (out / "comment.md").read_text().splitlines()[:3]:
        output.note(line)
    output.note(f"The comment is in {out / 'comment.md'}, the findings as SARIF beside it.")
    code = Code.REFUSED if head_side.refused else Code.FINE
    output.document("report", code, affected=calls, directory=str(out))
    return code


@contextmanager
def checked_out(repository: Path, commit: str, directory: Path) -> Iterator[Path]:
    """The files of a commit in a worktree of their own, which goes again. Raises Misused for what is no commit."""
    added = _git(repository, "worktree", "add", "--detach", str(directory), commit)
    if added.returncode:
        raise Misused(
            f"--base {commit} can't be checked out: {added.stderr.strip()}",
            "Give a commit, branch or tag that `git rev-parse` knows; a shallow clone needs `git fetch --unshallow`.",
        )
    try:
        yield directory
    finally:
        _git(repository, "worktree", "remove", "--force", str(directory))


def _git(repository: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(repository), *words], capture_output=True, text=True)


def base_of(output: Output, base: str, tree: Path, out: Path) -> Side:
    """The base's side; one that can't be rendered is told, and has no stacks: the change is judged all the same."""
    try:
        return side(tree, out)
    except WorldFailed as failure:
        output.note(f"{base} can't be rendered, so that every stack counts as new: {failure}")
        return unread(tree, str(failure))


def side(tree: Path, out: Path) -> Side:
    """Renders every environment of a tree by the tree's own code. Raises WorldFailed where that can't run at all."""
    rendered = {environment: _rendered(tree, environment, out / environment) for environment in environments(tree)}
    try:
        return read(rendered, out, tree)
    except (KeyError, TypeError) as error:
        raise WorldFailed(
            f"`warmlane render` in {tree} printed another report than this version reads: {error!r}",
            "Compare with a later --base.",
        ) from None


def _rendered(tree: Path, environment: str, out: Path) -> Mapping[str, Any]:
    words = ["--json", "render", "-e", environment, "--all", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", RENDER, *words],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
    )
    try:
        found: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise WorldFailed(
            f"`warmlane render -e {environment}` in {tree} printed no report: {done.stderr.strip()[-2000:]}",
            "Make that commit's code run, or compare with a later --base.",
        ) from None
    return found


def of_one_machine(repository: Path) -> set[str]:
    """Environments whose images or secrets lie in files of one machine, as a lab's do: no other previews them."""
    found = set[str]()
    for name in environments(repository):
        try:
            environment = config.read_environment(repository, name)
        except ConfigError:
            # Its stacks could not be rendered, so they are not previewed either.
            continue
        if environment.images_file or environment.secrets_file:
            found.add(name)
    return found


def invocations(changes: Sequence[StackChange], left_out: Collection[str]) -> list[dict[str, str]]:
    """Calls of `warmlane preview` that take just the affected stacks, without those of the environments `left_out`.

    Removed stacks have nothing to preview. An environment's own stack and its campaigns are calls of their own, as the
    command line has it.
    """
    found = list[dict[str, str]]()
    present = [one.stack for one in changes if one.after is not None and not one.after.error]
    present = [stack for stack in present if stack.environment not in left_out]
    for environment in sorted({stack.environment for stack in present}):
        campaigns = [stack.campaign for stack in present if stack.environment == environment and stack.campaign]
        if any(stack.name == environment for stack in present):
            found.append({"environment": environment, "what": "environment", "options": ""})
        if campaigns:
            text = " ".join(f"--campaign {campaign}" for campaign in campaigns)
            found.append({"environment": environment, "what": "campaigns", "options": text})
    return found


def engine_counts(previews: Path | None) -> dict[str, Mapping[str, int]]:
    """By stack, what `warmlane --json preview` counted; `previews` is a directory with one document a file."""
    documents = [json.loads(file.read_text() or "{}") for file in sorted(previews.glob("*.json"))] if previews else []
    return {run["stack"]: run["changes"] for document in documents for run in document.get("stacks", [])}
