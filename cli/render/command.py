"""`warmlane render`: renders what is selected, tells it, and ends with the code of the whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from cli.outcome import Code, ConfigRefused, Misused, worst
from cli.output import Output
from cli.render import manifests, pool, tell
from cli.render.environments import clashes
from cli.render.stack import Clock, Plan, Rendered, with_images
from cli.render.uniqueness import collisions
from cli.stacks import Selection, environment_stack
from policies import committed, pack
from policies.rules import RULES
from warmlane.errors import ConfigError

DIRECTORY = ".render"
"""Where manifests go by default; git ignores it."""


def run(output: Output, repository: Path, selection: Selection, out: Path | None) -> None:
    """Renders and tells. Raises typer.Exit with the code of the whole, ConfigRefused and Misused."""
    if repository.resolve() != committed.REPOSITORY:
        raise typer.Exit(_by_its_own_code(output, repository, selection, out))
    seconds = dict[str, float]()
    clock = Clock(seconds)
    plan = planned(repository, selection.environment, out or repository / DIRECTORY)
    selection, left_out = selection.without_ending(plan.environment)
    clock.ends("config")
    stacks = [environment_stack(plan.name)] if selection.with_environment else []
    stacks += selection.campaign_stacks
    by_name = {found.stack: found for found in pool.rendered(plan, stacks)}
    found = [by_name[stack.name] for stack in stacks]
    clock = Clock(seconds)
    shared = collisions((one.stack, one.claims) for one in found)
    if selection.with_environment:
        shared += clashes(repository, plan.name, plan.environment)
    clock.ends("comparison")
    code = worst([*(one.code for one in found), Code.REFUSED if shared else Code.FINE])
    tell.tables(output, found, RULES)
    for text in [*left_out, *notes(plan, found, shared)]:
        output.note(text)
    output.document(
        "render",
        code,
        environment=plan.name,
        directory=str(plan.out),
        images_not_built=list(plan.placeholders.values()),
        stacks=[tell.facts(one) for one in found],
        collisions=shared,
        kept=[text for one in found for text in one.kept],
        left_out=left_out,
        seconds=seconds | tell.seconds(found),
    )
    raise typer.Exit(code)


def _by_its_own_code(output: Output, repository: Path, selection: Selection, out: Path | None) -> int:
    """Renders a repository whose programs and rules are not those that run here; the engine does the same.

    Raises Misused where it has none.
    """
    if not (repository / "cli" / "render").is_dir():
        raise Misused(
            f"{repository} holds stack files, and neither programs nor rules to render them.",
            f"Run `warmlane render` in {committed.REPOSITORY}, or in a whole clone of it.",
        )
    words = ["--json"] if output.as_json else []
    words += ["render", "--environment", selection.environment, *(["--out", str(out)] if out else [])]
    if selection.with_environment:
        words += ["--all"] if selection.campaigns else []
    else:
        words += [word for campaign in selection.campaigns for word in ("--campaign", campaign)]
    command = [sys.executable, "-c", "from cli.main import run; run()", *words]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": str(repository)}).returncode


def planned(repository: Path, name: str, out: Path) -> Plan:
    """What is rendered, once the environment's config is sound. Raises ConfigRefused and Misused."""
    environment, placeholders = with_images(repository, name)
    judged = pack.environment(name)
    try:
        policy_config = pack.read(repository, judged, RULES)
    except ConfigError as error:
        raise ConfigRefused([error]) from None
    return Plan(repository, name, environment, policy_config, placeholders, manifests.emptied(out))


def notes(plan: Plan, found: Sequence[Rendered], shared: Sequence[str]) -> list[str]:
    """What a person should know beside the tables: warnings, refusals, and what to do."""
    texts = tell.refusals(found)
    texts += [text for one in found for text in one.kept]
    texts += shared
    texts += tell.warnings(found)
    if plan.placeholders:
        texts.append("Images that nobody has built yet have a placeholder; `make up` and `warmlane images push` build.")
    count = sum(one.manifests for one in found)
    texts.append(f"{count} manifests in {plan.out}; secrets and what is known after deployment have placeholders.")
    if any(one.code is Code.REFUSED for one in found) or shared:
        texts.append("`warmlane up` would be refused. Do what the messages ask, then run `warmlane render` again.")
    return texts
