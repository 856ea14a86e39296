"""`preview`, `up` and `destroy`: the environment first, then campaigns beside each other; destroy goes in reverse."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cli import recovery
from cli.engine import Engine, Run
from cli.outcome import Code, Refused, WorldFailed, worst
from cli.output import Bars, Output, counts
from cli.stacks import Selection, Stack, environment_stack
from warmlane import config, names
from warmlane.environment import Environment


@dataclass(frozen=True)
class Session:
    """What a deploying command works with."""

    engine: Engine
    output: Output
    environment: Environment
    selection: Selection
    refresh: bool = False
    """Whether a preview or update first asks the world what there is."""

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.selection.environment


@dataclass(frozen=True)
class Done:
    """Runs that have ended, and names of stacks whose turn never came; `interrupted` by the person."""

    runs: list[Run]
    not_tried: list[str]
    interrupted: bool = False

    @property
    def code(self) -> Code:
        """The code of the whole."""
        return Code.FAILED if self.interrupted else worst([run.code for run in self.runs])


class Interrupted(Exception):
    """The person interrupted stacks that ran beside each other."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        super().__init__("Interrupted.")


def preview_or_up(session: Session, verb: str) -> Done:
    """Runs the verb on everything selected. Campaigns are not tried when the environment's stack failed."""
    return _in_order(session, verb, [_own(session), session.selection.campaign_stacks])


def destroy(session: Session) -> Done:
    """Destroys what is selected, campaigns before their environment."""
    return _in_order(session, "destroy", [session.selection.campaign_stacks, _own(session)])


def _own(session: Session) -> list[Stack]:
    return [environment_stack(session.name)] if session.selection.with_environment else []


def _in_order(session: Session, verb: str, groups: Sequence[Sequence[Stack]]) -> Done:
    """Runs one group of stacks after the other, until one has failed."""
    runs, interrupted = list[Run](), False
    turns = list(groups)
    with session.output.progress() as bars:
        while turns and not interrupted and worst([run.code for run in runs]) is Code.FINE:
            stacks = turns.pop(0)
            try:
                runs += _together(session, bars, stacks, verb)
            except Interrupted as stop:
                runs += stop.runs
                turns.insert(0, [stack for stack in stacks if stack not in [run.stack for run in stop.runs]])
                interrupted = True
            except WorldFailed as failure:
                if not runs:
                    raise
                # What the runs before it changed must be told, so this is no reason to end without a word about them.
                runs += [_failed(stack, verb, failure) for stack in stacks]
    return Done(runs, [stack.name for stacks in turns for stack in stacks], interrupted)


def _failed(stack: Stack, verb: str, failure: WorldFailed) -> Run:
    return Run(stack, verb, status=1, output=f"{failure.what}\n{failure.advice}")


def refuse_while_in_use(session: Session) -> None:
    """Raises Refused when a campaign that is not selected still has resources: they live on the environment's lanes."""
    project = Stack("", "", config.CAMPAIGNS_DIRECTORY, "..")
    resources = {name: state.resources for name, state in session.engine.stacks(project).items()}
    living = [id_ for id_ in living_campaigns(resources, session.name) if id_ not in session.selection.campaigns]
    if living:
        with_file = config.campaign_stacks(session.engine.repository, session.name)
        commands = [
            f"`warmlane destroy -e {session.name} --campaign {id_}`"
            if id_ in with_file
            else f"`pulumi -C {project.directory} destroy -s {names.campaign_stack(id_, session.name)}`"
            for id_ in living
        ]
        raise Refused(
            f"The environment {session.name} is in use by {len(living)} campaign(s): {', '.join(living)}.",
            f"Destroy them first: {', '.join(commands)}. `--all` takes those that have a stack file along.",
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
    """Runs stacks beside each other, as many as there are cores; each to its end, whatever happens to the others.

    Raises Interrupted, and WorldFailed when the backend does not answer.
    """
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
            return _failed(stack, verb, failure)

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        turns = [pool.submit(one, stack) for stack in stacks]
        try:
            return [turn.result() for turn in turns]
        except KeyboardInterrupt:
            # The terminal interrupts the engines as well; each ends what it is at and writes its state.
            session.output.note("Interrupted: waiting until what has begun is written down.")
            pool.shutdown(cancel_futures=True)
            raise Interrupted([turn.result() for turn in turns if not turn.cancelled()]) from None


def _one(session: Session, bars: Bars, stack: Stack, verb: str) -> Run:
    engine, note = session.engine, session.output.note
    # A preview changes nothing, so it leaves what an interrupted run left.
    state = engine.deployment(stack) if verb == "preview" else recovery.ready(engine, stack, note)
    is_environment = stack == environment_stack(session.name)
    extra = dict[str, str]()
    if is_environment and verb != "destroy":
        extra = recovery.found_variables(engine, session.environment, state, note)
    options = list[str]()
    if verb == "destroy":
        # The environment's delete hook (infra.guard) is part of its program.
        options = ["--exclude-protected", "--run-program"] if is_environment else []
    elif session.refresh:
        options = ["--refresh"]
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
    return f"{run.stack.name}: {run.verb} {ended}{counts(run.changes)}{judged} ({run.seconds:.0f} s)"
