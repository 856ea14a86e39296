"""Runs a program against Pulumi's mocks and gives what it registers, as the engine hands it to rules in preview."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks
from pulumi_policy.deserialize import deserialize_properties

import campaigns.program
import infra.program
from tests.policies.harness import IMAGE, Declared
from warmlane.config import check_campaign, load_campaign, read_environment
from warmlane.environment import Environment, Images

ROOT = Path(__file__).resolve().parents[2]


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
        """The mock's URN with the stack's name, which the mock asks for in a thread that does not know it."""
        _, rest = super().make_urn(parent, type_, name).split("::", 1)
        return f"urn:pulumi:{self.stack}::{rest}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name is the monitor's
        answer = super().RegisterResource(request)
        if request.custom:
            self.made.append(
                {
                    "type": request.type,
                    "name": request.name,
                    "urn": answer.urn,
                    "props": deserialize_properties(json_format.MessageToDict(request.object)),
                    "protect": request.protect,
                    "dependencies": list(request.dependencies),
                    "propertyDependencies": {
                        key: list(found.urns) for key, found in request.propertyDependencies.items()
                    },
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
    """Every custom resource that a program registers in a first preview."""
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
    """The resources of `program DIRECTORY STACK`, `environment dev` or `campaign spring-sale.dev`."""
    programs: dict[str, Callable[[], Any]] = {
        "program": lambda: runpy.run_path(what, run_name="__main__"),
        "environment": lambda: environment_program(what),
        "campaign": lambda: campaign_program(what),
    }
    made = record(programs[kind], stack or what)
    declared = {
        item["urn"]: Declared(item["type"], item["name"], item["props"], protect=item["protect"]) for item in made
    }
    for item in made:
        found = declared[item["urn"]]
        found.urn = item["urn"]
        found.depends_on = [declared[urn] for urn in item["dependencies"] if urn in declared]
        found.property_dependencies = {
            key: [declared[urn] for urn in urns if urn in declared]
            for key, urns in item["propertyDependencies"].items()
        }
    return list(declared.values())
