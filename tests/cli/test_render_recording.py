"""A recorded program is what the engine would see in a first preview, and leaves nothing behind in the process."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings
from pulumi_aws.ec2 import Eip
from pulumi_kubernetes.core.v1 import ConfigMap, Secret
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from cli.render.kept import kept
from cli.render.recording import Recording, Refusal, record
from warmlane import names


class Inner(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("test:it:Inner", name, None, opts)
        made = ConfigMap(f"{name}-map", metadata={"name": "x"}, opts=pulumi.ResourceOptions(parent=self, protect=True))
        address = Eip(f"{name}-address", opts=pulumi.ResourceOptions(parent=self))
        ConfigMap(
            f"{name}-next",
            data={"id": made.id, "address": address.public_ip},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"said": "at the end"})


class Outer(pulumi.ComponentResource):
    def __init__(self, name: str) -> None:
        super().__init__("test:it:Outer", name)
        Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def nested() -> Recording:
    def program() -> None:
        Outer("a")
        pulumi.export("answer", 42)

    return record(program, "project", "stack")


def one(recording: Recording, name: str) -> Any:
    return next(made for made in recording.registrations if made.name == name)


def test_a_urn_has_the_types_of_all_parents_but_the_stack() -> None:
    assert one(nested(), "a-inner-map").urn == (
        "urn:pulumi:stack::project::test:it:Outer$test:it:Inner$kubernetes:core/v1:ConfigMap::a-inner-map"
    )


def test_options_edges_and_outputs_are_kept() -> None:
    recording = nested()
    made, after, inner = (one(recording, name) for name in ("a-inner-map", "a-inner-next", "a-inner"))
    assert (made.protect, after.protect) == (True, False)
    assert made.parent == inner.urn
    assert set(after.property_dependencies["data"]) == {made.urn, one(recording, "a-inner-address").urn}
    assert inner.outputs == {"said": "at the end"}
    assert recording.registrations[0].outputs == {"answer": 42.0}, "the stack's own outputs come with its resource"


def test_ids_and_computed_values_are_unknown() -> None:
    after = one(nested(), "a-inner-next")
    assert after.inputs["data"] == {"id": UNKNOWN_STRING_VALUE, "address": UNKNOWN_STRING_VALUE}


def test_a_program_that_makes_something_twice_is_refused() -> None:
    def program() -> None:
        for _ in range(2):
            ConfigMap("same", data={})

    with pytest.raises(Refusal, match=r"ConfigMap::same\. Give one of them another name\."):
        record(program, "project", "stack")


def test_what_exists_is_not_read() -> None:
    def program() -> None:
        ConfigMap.get("there", "default/there")

    with pytest.raises(Refusal, match="reads kubernetes:core/v1:ConfigMap there"):
        record(program, "project", "stack")


def test_a_program_that_raises_does_not_spoil_the_next() -> None:
    def program() -> None:
        Secret("one", string_data={"a": pulumi.Output.secret("b")})
        raise pulumi.RunError("no")

    with pytest.raises(pulumi.RunError, match="no"):
        record(program, "project", "stack")
    assert len(nested().registrations) == 6


def test_an_error_inside_an_apply_is_raised() -> None:
    def program() -> None:
        pulumi.Output.from_input(1).apply(lambda _: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        record(program, "project", "stack")


def test_nothing_is_left_in_the_process() -> None:
    before = settings.get_root_resource()
    nested()
    assert settings.get_root_resource() is before, "the next program would run in this one's stack"
    assert gc.isenabled() and not hasattr(sys, "tracebacklimit"), "others want their garbage and tracebacks"
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


def test_a_stack_reference_shows_the_answers() -> None:
    def program() -> None:
        shown = pulumi.StackReference("other", stack_name="organization/project/other").get_output("lanes")
        ConfigMap("it", data={"lane": shown.apply(lambda lanes: lanes["amber"])})

    recording = record(program, "project", "stack", {"lanes": {"amber": "192.0.2.1"}})
    assert one(recording, "it").inputs["data"] == {"lane": "192.0.2.1"}


def test_warnings_are_kept_and_debugging_is_not() -> None:
    def program() -> None:
        pulumi.log.debug("fine detail")
        pulumi.log.warn("mind this", resource=ConfigMap("it", data={}))

    assert record(program, "project", "stack").warnings == ["mind this"]


@pytest.mark.parametrize(
    ("project", "name", "count"),
    [
        (names.CAMPAIGN_PROJECT, "smtp-egress", 0),
        (names.CAMPAIGN_PROJECT, "default-deny", 1),
        (names.ENVIRONMENT_PROJECT, "smtp-egress", 1),
    ],
)
def test_only_the_way_out_of_a_campaign_may_stay(project: str, name: str, count: int) -> None:
    def program() -> None:
        NetworkPolicy("it", metadata={"name": name}, opts=pulumi.ResourceOptions(retain_on_delete=True))

    assert len(list(kept(record(program, project, "spring-sale.dev")))) == count
