"""`preview`, `up` and `destroy`: the environment first, then campaigns beside each other; destroy goes in reverse."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cli import recovery
from cli.engine import SHOWN_LINES, Engine, Run
from cli.events import Violation
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
            runs += _together(session, bars, [environment_stack(session.name)], verb)
        if worst([run.code for run in runs]) is Code.FINE:
            runs += _together(session, bars, session.selection.campaign_stacks, verb)
    return runs


def destroy(session: Session) -> list[Run]:
    """Destroys what is selected, campaigns before their environment. Raises Refused while campaigns keep it in use."""
    with session.output.progress() as bars:
        runs = _together(session, bars, session.selection.campaign_stacks, "destroy")
        if session.selection.with_environment and worst([run.code for run in runs]) is Code.FINE:
            refuse_while_in_use(session)
            runs += _together(session, bars, [environment_stack(session.name)], "destroy")
    return runs


def refuse_while_in_use(session: Session) -> None:
    """Raises Refused when a campaign's stack still has resources: they live on the environment's lanes."""
    project = Stack("", "", config.CAMPAIGNS_DIRECTORY, "..")
    living = living_campaigns(
        {name: state.resources for name, state in session.engine.stacks(project).items()}, session.name
    )
    if living:
        raise Refused(
            f"The environment {session.name} is in use by {len(living)} campaign(s): {', '.join(living)}.",
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


def _together(session: Session, bars: Bars, stacks: Sequence[Stack], verb: str) -> list[Run]:
    """Runs stacks beside each other, as many as there are cores; each to its end, whatever happens to the others."""
    if not stacks:
        return []
    existing = session.engine.stacks(stacks[0])
    if verb == "destroy":
        stacks = [stack for stack in stacks if stack.name in existing]
    # Selecting a stack writes to one file for the whole project, so new ones are made one after the other.
    for stack in stacks:
        if stack.name not in existing:
            session.engine.create(stack)

    def one(stack: Stack) -> Run:
        try:
            return _one(session, bars, stack, verb)
        except WorldFailed as failure:
            return Run(stack, verb, status=1, output=f"{failure.what}\n{failure.advice}")

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(one, stacks))


def _one(session: Session, bars: Bars, stack: Stack, verb: str) -> Run:
    engine, note = session.engine, session.output.note
    # A preview changes nothing, so it leaves what an interrupted run left.
    state = engine.deployment(stack) if verb == "preview" else recovery.ready(engine, stack, note)
    is_environment = stack == environment_stack(session.name)
    extra = dict[str, str]()
    if is_environment and verb != "destroy":
        extra = recovery.found_variables(engine, session.environment, state, note)
    options = ["--exclude-protected"] if is_environment and verb == "destroy" else []
    bars.begin(stack.name, len(state.get("resources") or []))
    run = engine.run(stack, verb, options, extra, lambda record: bars.show(stack.name, record, verb))
    if verb == "up" and run.code is Code.FINE and judged_after_up(run):
        run.analysis = engine.analysis(stack)
    note(line(run))
    return run


def judged_after_up(run: Run) -> dict[str, list[str]]:
    """By rule, what of the stack is known, and so judged by its value, only once it exists. Empty for `destroy`."""
    if run.verb == "destroy":
        return {}
    # Imported here, as Pulumi's packages take longer to load than another command takes to answer.
    from cli.judged import after_creation

    return after_creation(run.record.types)


def line(run: Run) -> str:
    """One line about a run that has ended."""
    ended = {Code.FINE: "", Code.REFUSED: "refused, ", Code.FAILED: "failed, "}[run.code]
    judged = "" if run.verb == "destroy" else f", {run.record.judged} policies passed"
    later = judged_after_up(run)
    judged += f", judged after up: {', '.join(later)}" if later else ""
    return f"{run.stack.name}: {run.verb} {ended}{counts(run.record.changes)}{judged} ({run.seconds:.0f} s)"


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
        "seconds": run.seconds,
        "policies": {
            "passed": record.policies_passed,
            "violations": [vars(violation) for violation in [*record.violations, *_found_after(run)]],
            "judged_after_up": judged_after_up(run),
        },
        "diagnostics": [vars(diagnostic) for diagnostic in record.diagnostics],
        "failed_resources": record.failed,
    }


def explained(run: Run) -> list[str]:
    """Why a run did not end well, whole: policies first, then errors, then the engine's last words if nothing else."""
    record = run.record
    lines = [
        f"{violation.policy}: {violation.message}" + (f" [{violation.resource}]" if violation.resource else "")
        for violation in [*record.violations, *_found_after(run)]
        if violation.blocks
    ]
    lines += [f"{error.resource}: {error.message}" if error.resource else error.message for error in record.errors]
    last = run.analysis.output if run.analysis and run.analysis.status != 0 else run.output
    return lines or [text for text in last.strip().splitlines()[-SHOWN_LINES:] if text.strip()]


def _found_after(run: Run) -> list[Violation]:
    return run.analysis.record.violations if run.analysis else []


def advice(run: Run) -> str:
    """What to do about a run that did not end well."""
    again = f"`warmlane {run.verb}`"
    if _found_after(run):
        return f"It exists, and a policy refuses it as it is: do what the policy asks, then run {again} again."
    if run.code is Code.REFUSED and run.record.policies_broken:
        return f"Nothing was changed. Do what the policies ask in {run.stack.file} or the code, then run {again} again."
    if run.code is Code.REFUSED:
        return f"Nothing was changed. Do what the message says, then run {again} again."
    return (
        f"Put right what is named above, then run {again} again: it takes up where this run stopped. "
        "In the lab, `warmlane lab doctor` looks at the machine, and `warmlane lab up` starts what has ended."
    )
