"""What the real programs register, as a test may change it before rules see it."""

from __future__ import annotations

import copy
import runpy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from pulumi_policy.deserialize import deserialize_properties

import campaigns.program
import infra.program
from cli.render.recording import STACK_TYPE, Registration, record
from policies import committed
from tests.policies.declared import Declared
from warmlane import names
from warmlane.campaign import Campaign
from warmlane.config import check_campaign, load_campaign, read_environment
from warmlane.environment import Environment, Images

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "registry.example/sender@sha256:" + "ab" * 32
UNCOMMITTED = "203.0.113.200"


def environment_program(name: str, environment: Environment | None = None) -> None:
    """What `pulumi preview -s <environment>` runs, with images that nobody built; for another config where given."""
    infra.program.deploy(environment or _environment(name), name, "a-password", "another-password", "a-key")


def campaign_program(stack: str, environment: Environment | None = None, campaign: Campaign | None = None) -> None:
    """What `pulumi preview -s <campaign>.<environment>` runs, likewise; for another campaign's config where given."""
    campaign_id, name = stack.split(".")
    environment, campaign = environment or _environment(name), campaign or load_campaign(ROOT, campaign_id, name)
    lease = check_campaign(campaign, stack, environment, stack)
    key = environment.reflector.public_key or "a-public-key"
    campaigns.program.deploy(environment, name, campaign, lease, "a-password", key)


def _environment(name: str) -> Environment:
    images = Images(sender=IMAGE, prometheus=IMAGE, alertmanager=IMAGE, postgresql=IMAGE, grafana=IMAGE)
    return read_environment(ROOT, name).model_copy(update={"images": images})


def register(program: Callable[[], Any], stack: str) -> list[Registration]:
    """Every resource that a program registers in a first preview, components included; its environment is deployed."""
    answers: dict[str, Any] = {}
    if "." in stack:
        environment = committed.environment(stack)
        answers = {
            # What exists already is committed, what AWS gives is not.
            "lanes": {id_: {"address": str(lane.address or UNCOMMITTED)} for id_, lane in environment.lanes.items()},
            "leases": {campaign: lease.lane for campaign, lease in environment.leases.items()},
            "store_access": {campaign: {"password": "one-more-password"} for campaign in environment.leases},
        }
    project = names.CAMPAIGN_PROJECT if "." in stack else names.ENVIRONMENT_PROJECT
    made = record(program, project, stack, answers).registrations
    return [one for one in made if one.type != STACK_TYPE]


def recorded(kind: str, what: str, stack: str = "") -> list[Declared]:
    """The resources of `program DIRECTORY STACK`, `environment dev` or `campaign spring-sale.dev`, each time afresh."""
    return copy.deepcopy(_recorded(kind, what, stack))


@cache
def _recorded(kind: str, what: str, stack: str) -> list[Declared]:
    programs: dict[str, Callable[[], Any]] = {
        "program": lambda: runpy.run_path(what, run_name="__main__"),
        "environment": lambda: environment_program(what),
        "campaign": lambda: campaign_program(what),
    }
    return declared(register(programs[kind], stack or what))


def declared(made: list[Registration]) -> list[Declared]:
    """What was registered, with its edges."""
    found = {
        one.urn: Declared(one.type, one.name, deserialize_properties(one.inputs), protect=one.protect) for one in made
    }
    for registered in made:
        one = found[registered.urn]
        one.urn = registered.urn
        one.ignored, one.deletes_first = list(registered.ignore_changes), registered.delete_before_replace
        one.parent = found.get(registered.parent)
        one.depends_on = [found[urn] for urn in registered.dependencies if urn in found]
        one.property_dependencies = {
            key: [found[urn] for urn in urns if urn in found] for key, urns in registered.property_dependencies.items()
        }
    # The runtime keeps dependencies in sets, and a test must see the same order each time.
    return [found[urn] for urn in sorted(found)]
