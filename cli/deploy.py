"""`preview`, `up` and `destroy`: the environment's stack first, then campaigns beside each other (destroy the other way)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cli import recovery
from cli.engine import SHOWN_LINES, Engine, Run
from cli.events import Record
from cli.outcome import Code, Refused, WorldFailed, worst
from cli.output import Bars, Output, counts
from cli.stacks import Selection, Stack, environment_stack
from warmlane import config
from warmlane.environment import Environment


@dataclass(frozen=True)
class Session:
    """What a deploying command works with."""

    engine: Engine
    output: Output
    environment: Environment
    selection: Selection

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.selection.environment


def preview_or_up(session: Session, verb: str) -> list[Run]:
    """Runs the verb on everything selected. Campaigns are not tried when the environment's stack failed."""
    runs = list[Run]()
    with session.output.progress() as bars:
        if session.selection.with_environment:
            stack = environment_stack(session.name)
            runs += _together(session, [stack], lambda ready: _one(session, bars, ready, verb))
            if runs[-1].code is not Code.FINE:
                return runs
        campaigns = session.selection.campaign_stacks
        runs += _together(session, campaigns, lambda ready: _one(session, bars, ready, verb))
    return runs


def destroy(session: Session) -> list[Run]:
    """Destroys what is selected, campaigns before their environment. Raises Refused while campaigns keep it in use."""
    runs = list[Run]()
    with session.output.progress() as bars:
        campaigns = session.selection.campaign_stacks
        runs += _together(session, campaigns, lambda ready: _one(session, bars, ready, "destroy"))
        if session.selection.with_environment and worst([run.code for run in runs]) is Code.FINE:
            refuse_while_in_use(session)
            stack = environment_stack(session.name)
            runs += _together(session, [stack], lambda ready: _one(session, bars, ready, "destroy"))
    return runs


def refuse_while_in_use(session: Session) -> None:
    """Raises Refused when a campaign's stack still has resources: they live on the environment's lanes."""
    project = Stack("", "", config.CAMPAIGNS_DIRECTORY, "..")
    living = living_campaigns(
        {name: state.resources for name, state in session.engine.stacks(project).items()}, session.name
    )
    if living:
        raise Refused(
            f"The environment {session.name} is in use by the stacks of {len(living)} campaign(s): {', '.join(living)}.",
            f"Destroy them first: `warmlane destroy -e {session.name} "
            f"{' '.join(f'--campaign {name}' for name in living)}`; or all at once with `--all`.",
        )


def living_campaigns(resources: Mapping[str, int], environment: str) -> list[str]:
    """Campaigns whose stack in an environment has resources; `resources` is their number by stack name."""
    suffix = f".{environment}"
    return sorted(name.removesuffix(suffix) for name, count in resources.items() if name.endswith(suffix) and count)


def kept(deployment: Mapping[str, Any]) -> list[str]:
    """What protection kept from being destroyed, such as `amber-address (198.51.100.16)`."""
    found = list[str]()
    for resource in deployment.get("resources") or []:
        if resource.get("protect") and resource.get("id"):
            outputs = resource.get("outputs") or {}
            detail = outputs.get("publicIp") or outputs.get("fqdn") or outputs.get("domainName") or resource["id"]
            found.append(f"{resource['urn'].rpartition('::')[2]} ({detail})")
    return sorted(found)


@dataclass(frozen=True)
class _Ready:
    """A stack that nothing stands in the way of, and what its state knows."""

    stack: Stack
    state: Mapping[str, Any]


def _together(session: Session, stacks: Sequence[Stack], work: Callable[[_Ready], Run]) -> list[Run]:
    """Runs stacks beside each other, as many as there are cores; each runs to its end whatever happens to the others."""
    if not stacks:
        return []
    existing = session.engine.stacks(stacks[0])

    def prepared(stack: Stack) -> Run | WorldFailed:
        try:
            state = recovery.ready(session.engine, stack, stack.name in existing, session.output.note)
            return work(_Ready(stack, state))
        except WorldFailed as failure:
            return failure

    # Selecting a stack is a write to one file for the whole project, so new ones are made one after the other.
    for stack in stacks:
        if stack.name not in existing:
            session.engine.create(stack)
    existing = {**existing, **dict.fromkeys((stack.name for stack in stacks))}
    with ThreadPoolExecutor(max_workers=min(len(stacks), os.cpu_count() or 1)) as pool:
        results = list(pool.map(prepared, stacks))
    failures = [result for result in results if isinstance(result, WorldFailed)]
    if failures:
        raise WorldFailed(
            "\n".join(failure.what for failure in failures),
            "\n".join(dict.fromkeys(failure.advice for failure in failures)),
        )
    return [result for result in results if isinstance(result, Run)]


def _one(session: Session, bars: Bars, ready: _Ready, verb: str) -> Run:
    stack, engine = ready.stack, session.engine
    is_environment = stack.directory == "."
    extra = dict[str, str]()
    if is_environment and verb in {"preview", "up"}:
        extra = recovery.found_variables(session.environment, session.name, ready.state, session.output.note)
    options = ["--exclude-protected"] if is_environment and verb == "destroy" else []
    bars.begin(stack.name, len(ready.state.get("resources") or []))

    def on_event(record: Record) -> None:
        bars.show(stack.name, record, verb)

    run = engine.run(stack, verb, options, extra, on_event)
    session.output.note(line(run))
    return run


def line(run: Run) -> str:
    """One line about a run that has ended."""
    ended = {Code.FINE: "", Code.REFUSED: "refused, ", Code.FAILED: "failed, "}[run.code]
    passed = len(run.record.policies_passed)
    judged = f", {passed} of {passed + len(run.record.policies_broken)} policies passed" if run.verb != "destroy" else ""
    return f"{run.stack.name}: {run.verb} {ended}{counts(run.record.changes)}{judged} ({run.record.seconds} s)"


def facts(run: Run) -> dict[str, Any]:
    """A run as JSON."""
    record = run.record
    return {
        "stack": run.stack.name,
        "project": run.stack.project,
        "verb": run.verb,
        "result": run.code.name.lower(),
        "changes": record.changes,
        "changed": record.changed,
        "seconds": record.seconds,
        "policies": {
            "passed": record.policies_passed,
            "violations": [vars(violation) for violation in record.violations],
        },
        "diagnostics": [vars(diagnostic) for diagnostic in record.diagnostics],
        "failed_resources": record.failed,
    }


def explained(run: Run) -> list[str]:
    """Why a run did not end well, whole: policies first, then errors, then the engine's last words if nothing else."""
    record = run.record
    lines = [
        f"{violation.policy}: {violation.message}" + (f" [{violation.resource}]" if violation.resource else "")
        for violation in record.violations
        if violation.blocks
    ]
    lines += [f"{error.resource}: {error.message}" if error.resource else error.message for error in record.errors]
    return lines or [text for text in run.output.strip().splitlines()[-SHOWN_LINES:] if text.strip()]


def advice(run: Run) -> str:
    """What to do about a run that did not end well."""
    again = f"`warmlane {run.verb}`"
    if run.code is Code.REFUSED and run.record.policies_broken:
        return f"Nothing was changed. Do what the policies ask in {run.stack.file} or in the code, then run {again} again."
    if run.code is Code.REFUSED:
        return f"Nothing was changed. Do what the message says, then run {again} again."
    return (
        f"Put right what is named above, then run {again} again: it takes up where this run stopped. "
        "In the lab, `warmlane lab doctor` looks at the machine, and `warmlane lab up` starts what has ended."
    )
