"""Renders a configuration as `warmlane render` does, at a moment that is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cli.render.stack import Plan, render, with_images
from cli.render.uniqueness import collisions
from cli.stacks import campaign_stack, environment_stack
from policies import committed, pack
from policies.rules import RULES
from tests.policies.configurations.configuration import Configuration

CACHES = (
    committed._environment,
    committed._images,
    committed._campaign,
    committed._naming,
    committed._snapshot,
)


@contextmanager
def committed_in(repository: Path, now: datetime) -> Iterator[None]:
    """Lets rules find another repository committed, at another moment."""
    before = committed.REPOSITORY, committed.now
    committed.REPOSITORY, committed.now = repository, lambda: now
    _forget()
    try:
        yield
    finally:
        committed.REPOSITORY, committed.now = before
        _forget()


def _forget() -> None:
    for cache in CACHES:
        cache.cache_clear()


def alarms(configuration: Configuration, repository: Path, now: datetime) -> list[str]:
    """What programs and rules say against a configuration. Raises what the models say against it."""
    list(configuration.models())
    configuration.write(repository)
    name = configuration.name
    with committed_in(repository, now):
        environment, shown = with_images(repository, name)
        plan = Plan(repository, name, environment, pack.read(repository, name, RULES), shown, repository / "rendered")
        stacks = [environment_stack(name), *(campaign_stack(id_, name) for id_ in configuration.rendered)]
        found = [render(plan, stack) for stack in stacks]
    said = [f"{one.stack}: {one.failure}" for one in found if one.failure]
    said += [f"{one.stack}: {found.policy}: {found.message}" for one in found for found in one.judgement.violations]
    return said + collisions((one.stack, one.claims) for one in found)
