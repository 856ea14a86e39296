"""Runs the `pulumi` on PATH for the stacks of one environment."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import event_stream
from cli.events import Record, changed, printed_only, verdict
from cli.outcome import Code, WorldFailed
from cli.stacks import Stack

SHOWN_LINES = 25
"""Lines of an engine's output that are shown when it failed without an event that says why."""


@dataclass
class Run:
    """One run of a verb on a stack."""

    stack: Stack
    verb: str
    record: Record = field(default_factory=Record)
    status: int = 0
    output: str = ""
    seconds: float = 0.0
    analysis: Run | None = None
    """What the policy pack said of the stack's state once an update had made it."""

    @property
    def code(self) -> Code:
        """How the run ended. What a policy finds after an update is no refusal, as it exists by then."""
        if self.analysis is not None and self.analysis.status != 0:
            return Code.FAILED
        return verdict(self.record, self.status)

    @property
    def changes(self) -> dict[str, int]:
        """By operation, resources: what a preview would do, what an update or destroy has done."""
        return self.record.changes if self.verb == "preview" else self.record.made

    @property
    def changed(self) -> int:
        """Resources that a preview would change, or that an update or destroy has changed."""
        return changed(self.changes)


@dataclass(frozen=True)
class StackState:
    """A stack as the backend lists it; `updated` is an ISO 8601 time, empty when it never was."""

    name: str
    resources: int
    updated: str


def variables_with(lab: Mapping[str, str]) -> dict[str, str]:
    """The engine's environment variables: the person's own, and the lab's exports over them where there are any."""
    # The engine shows --event-log only with its debug commands on, as its own Automation API does.
    return {**os.environ, **lab, "PULUMI_SKIP_UPDATE_CHECK": "1", "PULUMI_DEBUG_COMMANDS": "1"}


@dataclass(frozen=True)
class Engine:
    """`pulumi`, with the variables and the repository that it runs in."""

    repository: Path
    environment: str
    variables: Mapping[str, str]

    def _process_variables(self) -> dict[str, str]:
        """The variables, with the repository's own modules first: the interpreter may belong to another clone of it."""
        return {**self.variables, "PYTHONPATH": str(self.repository)}

    def _command(
        self, stack: Stack, *arguments: str, extra: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
        try:
            return subprocess.run(
                command,
                cwd=self.repository / stack.directory,
                env={**self._process_variables(), **(extra or {})},
                capture_output=True,
                text=True,
            )
        except FileNotFoundError:
            raise WorldFailed("There is no `pulumi` on PATH.", MISSING_ADVICE) from None

    def _answer(self, stack: Stack, *arguments: str) -> str:
        """Standard output of a command that must succeed. Raises WorldFailed."""
        result = self._command(stack, *arguments)
        if result.returncode != 0:
            said = (result.stderr.strip() or result.stdout.strip()).removeprefix("error: ")
            raise WorldFailed(f"`pulumi {' '.join(arguments)}` in {stack.directory} failed: {said}", CHECK_ADVICE)
        return result.stdout

    def backend(self, stack: Stack) -> str:
        """URL of the backend in use."""
        given = self.variables.get("PULUMI_BACKEND_URL")
        return given or str(json.loads(self._answer(stack, "whoami", "--json"))["url"])

    def stacks(self, project: Stack) -> dict[str, StackState]:
        """The stacks of a project that the backend has, by name; `project` is any stack of it."""
        listed: list[dict[str, Any]] = json.loads(self._answer(project, "stack", "ls", "--json"))
        states = (
            StackState(
                item["name"].rpartition("/")[2], int(item.get("resourceCount") or 0), item.get("lastUpdate") or ""
            )
            for item in listed
        )
        return {state.name: state for state in states}

    def create(self, stack: Stack) -> None:
        """Makes a stack that the backend lacks. With `select`, as `init` writes a new salt into the stack file."""
        self._answer(stack, "stack", "select", "--create", stack.name)

    def deployment(self, stack: Stack) -> dict[str, Any]:
        """What the backend knows of a stack: `resources`, `pending_operations` and more; secrets stay encrypted."""
        exported = json.loads(self._answer(stack, "stack", "export", "-s", stack.name))
        return dict(exported.get("deployment") or {})

    def outputs(self, stack: Stack) -> dict[str, Any]:
        """The outputs of a stack."""
        return dict(json.loads(self._answer(stack, "stack", "output", "--json", "-s", stack.name)))

    def settle(self, stack: Stack) -> None:
        """Ends what an interrupted run left pending: asks the world what there is and drops the rest."""
        self._answer(stack, "refresh", "--yes", "--clear-pending-creates", "-s", stack.name)

    def analysis(self, stack: Stack) -> Run:
        """Judges a stack's state by the policy pack; neither program nor provider is asked."""
        run = Run(stack, "policy analyze")
        # In an analysis the engine does not tell the pack which stack it judges, and so which config holds.
        named = {"PULUMI_STACK": stack.name}
        result = self._command(stack, "policy", "analyze", "-s", stack.name, *stack.pack, "--json", extra=named)
        for text in result.stdout.splitlines():
            if text.startswith("{"):
                run.record.take(json.loads(text))
        run.status, run.output = result.returncode, result.stderr
        return run

    def run(
        self,
        stack: Stack,
        verb: str,
        options: Sequence[str] = (),
        extra: Mapping[str, str] | None = None,
        on_event: Callable[[Record], None] = lambda record: None,
    ) -> Run:
        """Runs `preview`, `up` or `destroy` to its end; the record has its events. An update always previews first."""
        run = Run(stack, verb)

        def take(event: dict[str, Any]) -> None:
            run.record.take(event)
            on_event(run.record)

        packed = stack.pack if verb in {"preview", "up"} else []
        confirmed = [] if verb == "preview" else ["--yes"]
        began = time.monotonic()
        with event_stream.listening(take) as log:
            arguments = [
                verb,
                "-s",
                stack.name,
                *confirmed,
                *packed,
                *options,
                "--suppress-outputs",
                "--event-log",
                log,
            ]
            command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
            try:
                result = subprocess.run(
                    command,
                    cwd=self.repository / stack.directory,
                    env={**self._process_variables(), **(extra or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            except FileNotFoundError:
                raise WorldFailed("There is no `pulumi` on PATH.", MISSING_ADVICE) from None
        run.status, run.output = result.returncode, result.stdout
        run.record.diagnostics += printed_only(run.output)
        run.seconds = round(time.monotonic() - began, 1)
        return run


MISSING_ADVICE = "In the lab, `make up` builds it; elsewhere install Pulumi 3.259 or newer and put it on PATH."
CHECK_ADVICE = "Put right what it names, then run the command again; a second run takes up where the first one stopped."
