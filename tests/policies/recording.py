"""Runs a program against Pulumi's mocks and gives what it registers, as the engine hands it to rules in preview."""

from __future__ import annotations

import copy
import runpy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi_policy.deserialize import deserialize_properties

import campaigns.program
import infra.program
from tests.policies.declared import Declared
from warmlane.config import check_campaign, load_campaign, read_environment
from warmlane.environment import Environment, Images

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "registry.example/sender@sha256:" + "ab" * 32
STACK_TYPE = "pulumi:pulumi:Stack"


class Engine(pulumi.runtime.Mocks):
    """Answers with the inputs; in preview everything else is unknown."""

    outputs: dict[str, Any] = {}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        outputs = {"outputs": self.outputs} if args.typ == "pulumi:pulumi:StackReference" else {}
        return f"{args.name}-id", {**args.inputs, **outputs}


class Monitor(mocks.MockMonitor):
    """Keeps each registration as it came over the wire."""

    def __init__(self, engine: Engine, stack: str) -> None:
        super().__init__(engine)
        self.stack = stack
        self.made: list[dict[str, Any]] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """A URN as the engine makes it: with the types of all parents, and the stack's name."""
        above = parent.split("::")[2] + "$" if parent and parent.split("::")[2] != STACK_TYPE else ""
        return f"urn:pulumi:{self.stack}::warmlane::{above}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is the monitor's
        answer = super().RegisterResource(request)
        self.made.append(
            {
                "type": request.type,
                "name": request.name,
                "urn": answer.urn,
                "parent": request.parent,
                "props": deserialize_properties(json_format.MessageToDict(request.object)),
                "protect": request.protect,
                "dependencies": list(request.dependencies),
                "propertyDependencies": {key: list(found.urns) for key, found in request.propertyDependencies.items()},
            }
        )
        return answer


def environment_program(name: str) -> None:
    """What `pulumi preview -s <environment>` runs, with images that nobody built."""
    infra.program.deploy(_environment(name), name, "a-password", "another-password")


def campaign_program(stack: str) -> None:
    """What `pulumi preview -s <campaign>.<environment>` runs, with images that nobody built."""
    campaign_id, name = stack.split(".")
    environment, campaign = _environment(name), load_campaign(ROOT, campaign_id, name)
    campaigns.program.deploy(
        environment, name, campaign, check_campaign(campaign, stack, environment, stack), "a-password"
    )


def _environment(name: str) -> Environment:
    images = Images(sender=IMAGE, prometheus=IMAGE, alertmanager=IMAGE, postgresql=IMAGE, grafana=IMAGE)
    return read_environment(ROOT, name).model_copy(update={"images": images})


def record(program: Callable[[], Any], stack: str) -> list[dict[str, Any]]:
    """Every resource that a program registers in a first preview, components included."""
    engine = Engine()
    if "." in stack:
        environment = _environment(stack.split(".")[1])
        engine.outputs = {
            "lanes": {lane: {"address": "203.0.113.200"} for lane in environment.lanes},
            "leases": {campaign: lease.lane for campaign, lease in environment.leases.items()},
        }
    monitor = Monitor(engine, stack)
    mocks.set_mocks(engine, project="warmlane", stack=stack, preview=True, monitor=monitor, organization="organization")

    @pulumi.runtime.test
    def run() -> None:
        program()

    run()
    return monitor.made


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
    return declared(record(programs[kind], stack or what))


def declared(made: list[dict[str, Any]]) -> list[Declared]:
    """What was registered, with its edges."""
    found = {item["urn"]: Declared(item["type"], item["name"], item["props"], protect=item["protect"]) for item in made}
    for item in made:
        one = found[item["urn"]]
        one.urn = item["urn"]
        one.parent = found.get(item["parent"])
        one.depends_on = [found[urn] for urn in item["dependencies"] if urn in found]
        one.property_dependencies = {
            key: [found[urn] for urn in urns if urn in found] for key, urns in item["propertyDependencies"].items()
        }
    # Registration runs in threads, and a test must see the same order each time.
    return [found[urn] for urn in sorted(found)]
