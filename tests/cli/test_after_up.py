"""After an update the policy pack judges the stack's state, where it holds what no preview could know."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import World
from tests.cli.happenings import passed, prelude, step, summary, violation

NAT, SECRET = "aws:ec2/natGateway:NatGateway", "kubernetes:core/v1:Secret"


def ran(type_: str) -> list[dict[str, Any]]:
    """A run that made one resource."""
    planned = {"resourcePreEvent": {"metadata": {"op": "create", "urn": "urn:a", "type": type_}}}
    return [prelude(), planned, step("a"), passed("lane-graph"), summary(False, create=1)]


def refused(world: World, message: str) -> None:
    (world.state / "dev.analysis.jsonl").write_text(json.dumps(violation("lane-graph", message)) + "\n")
    (world.state / "dev.analysis.status").write_text("1")


def test_a_preview_lists_what_is_judged_later_and_asks_nobody(world: World, warmlane: Any) -> None:
    world.engine_says("dev", ran(NAT))
    code, out, _ = warmlane("preview")
    assert code == 0 and "judged after up: lane-graph" in out
    assert world.runs("policy") == []


def test_an_update_is_analysed_with_the_stacks_own_config(world: World, warmlane: Any) -> None:
    world.engine_says("dev", ran(NAT))
    code, out, _ = warmlane("up", "--json")
    told = json.loads(out)["stacks"][0]["policies"]
    assert code == 0 and told["judged_after_up"]["lane-graph"] == ["NatGateway: allocationId", "NatGateway: publicIp"]
    (call,) = (call for call in world.calls if call["words"][0] == "policy")
    assert call["words"][:6] == ["policy", "analyze", "-s", "dev", "--policy-pack", "policies"]
    assert call["stack"] == "dev", "an analysis does not tell the pack its stack otherwise"


def test_what_an_analysis_finds_fails_the_command_and_is_shown(world: World, warmlane: Any) -> None:
    world.engine_says("dev", ran(NAT))
    refused(world, "NatGateway cobalt-nat has the publicIp 203.0.113.99.")
    code, out, _ = warmlane("up")
    assert code == 3, "it exists by now, so this is no refusal that changed nothing"
    assert "lane-graph: NatGateway cobalt-nat has the publicIp 203.0.113.99." in out
    assert "It exists, and a policy refuses it as it is" in out and "Nothing was changed" not in out


def test_an_analysis_that_breaks_down_is_no_success(world: World, warmlane: Any) -> None:
    world.engine_says("dev", ran(NAT))
    (world.state / "dev.analysis.status").write_text("2")
    assert warmlane("up")[0] == 3


def test_a_stack_without_such_inputs_is_not_analysed(world: World, warmlane: Any) -> None:
    world.engine_says("dev", ran(SECRET))
    code, out, _ = warmlane("up")
    assert code == 0 and "judged after up" not in out
    assert world.runs("policy") == []
