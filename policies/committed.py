"""The committed configuration that rules compare a plan with.

Who holds which lane is a fact of `Pulumi.<environment>.yaml`, which one stack's plan can't show by itself.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from warmlane import unbuilt
from warmlane.campaign import Campaign
from warmlane.config import campaign_file, campaign_stacks, load_campaign, read_environment
from warmlane.environment import Environment, Images
from warmlane.errors import ConfigError, Problem
from warmlane.snapshot import Snapshot, load_snapshot

REPOSITORY = Path(__file__).resolve().parent.parent


DOMAIN_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


def now() -> datetime:
    """The time by which a snapshot is old and a day is over."""
    return datetime.now(UTC)


def today() -> date:
    """The day that is not over yet (UTC)."""
    return now().date()


def environment_name(stack: str) -> str:
    """The environment of a stack: `dev` of both `dev` and `spring-sale.dev`."""
    return stack.rsplit(".", 1)[-1]


def environment(stack: str) -> Environment:
    """The environment that a stack belongs to. Raises ConfigError where it is not committed or not sound."""
    return _environment(environment_name(stack))


@cache
def _environment(name: str) -> Environment:
    return read_environment(REPOSITORY, name)


def images(stack: str) -> Images | None:
    """The environment's images, or what stands for them where nobody has built any. Raises ConfigError."""
    return _images(environment_name(stack))


@cache
def _images(name: str) -> Images | None:
    return unbuilt.environment(REPOSITORY, name).images


def campaign(campaign_id: str, stack: str) -> Campaign | None:
    """A campaign of the stack's environment; None where it has no file. Raises ConfigError for an unsound file."""
    return _campaign(campaign_id, environment_name(stack))


@cache
def _campaign(campaign_id: str, name: str) -> Campaign | None:
    if not (REPOSITORY / campaign_file(campaign_id, name)).exists():
        return None
    return load_campaign(REPOSITORY, campaign_id, name)


def campaigns(stack: str, domain: str = "") -> dict[str, Campaign]:
    """By id, the campaigns of the stack's environment that have a file; with a domain, those whose file names it.

    Raises ConfigError for an unsound file. Files that do not name the domain are not parsed: a preview must not take
    longer because an environment has many campaigns.
    """
    name = environment_name(stack)
    chosen = _naming(name).get(domain, ()) if domain else campaign_stacks(REPOSITORY, name)
    found = {one: campaign(one, stack) for one in chosen}
    return {one: parsed for one, parsed in found.items() if parsed}


@cache
def _naming(name: str) -> dict[str, list[str]]:
    """By domain name that stands anywhere in a campaign's file, the campaigns."""
    found = dict[str, list[str]]()
    for one in campaign_stacks(REPOSITORY, name):
        for word in set(DOMAIN_NAME.findall((REPOSITORY / campaign_file(one, name)).read_text())):
            found.setdefault(word, []).append(one)
    return found


def snapshot(stack: str, file: str) -> Snapshot | None:
    """The snapshot in a file (policies.known says which), however old; None where there is none.

    Raises ConfigError, also where it tells of another environment than the stack's.
    """
    found, name = _snapshot(file), environment_name(stack)
    if found is not None and found.environment != name:
        advice = f"it must be {name}: give each environment a file of its own, and run `warmlane snapshot -e {name}`"
        raise ConfigError(file, [Problem("environment", found.environment, advice)])
    return found


@cache
def _snapshot(file: str) -> Snapshot | None:
    return load_snapshot(REPOSITORY, file)


def leased_lane(campaign_id: str, stack: str) -> str | None:
    """The lane that a campaign holds; None where it holds none."""
    lease = environment(stack).leases.get(campaign_id)
    return lease.lane if lease else None
