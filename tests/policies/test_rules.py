"""Rules in cases that a mutant of a shipped stack does not show."""

from __future__ import annotations

from typing import Any

import pytest

from policies import committed
from tests.policies.campaign_mutants import SMTP, WHERE, block, egress, pod
from tests.policies.harness import campaign_stack, kubernetes, rule, violations
from warmlane.environment import Environment, External, NatGateway


@pytest.mark.parametrize("kind", ["apps/v1:DeploymentPatch", "extensions/v1beta1:Deployment"])
def test_other_api_versions_and_patches_are_judged_alike(kind: str) -> None:
    stack = campaign_stack()
    pod(stack).update(hostNetwork=True)
    stack["deployment"].type = f"kubernetes:{kind}"
    assert violations(rule("no-host-access"), list(stack.values()))


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job", "Pod", "CronJob"])
def test_every_kind_with_pods_is_judged(kind: str) -> None:
    spec = {"hostNetwork": True, "containers": []}
    shapes: dict[str, Any] = {"Pod": spec, "CronJob": {"jobTemplate": {"spec": {"template": {"spec": spec}}}}}
    shape = shapes.get(kind, {"template": {"spec": spec}})
    assert violations(rule("no-host-access"), [kubernetes(f"apps/v1:{kind}", "it", WHERE, spec=shape)])


def test_a_narrower_policy_passes() -> None:
    stack = campaign_stack()
    egress(block("203.0.113.0/24"), SMTP)(stack)
    assert violations(rule("no-wide-allow"), list(stack.values())) == [], (
        "a part of what is allowed may be allowed alone"
    )


def test_an_environment_that_is_not_committed_is_a_violation() -> None:
    stack = campaign_stack()
    for item in stack.values():
        item.urn = item.urn.replace("spring-sale.dev", "spring-sale.nowhere")
    (message, *_) = violations(rule("sender-pinned-to-lane"), list(stack.values()))
    assert "Pulumi.nowhere.yaml" in message


def with_egress(monkeypatch: pytest.MonkeyPatch, egress_config: NatGateway | External) -> None:
    """Lets the committed environment have another egress strategy, with labelled nodes."""
    sound = committed.environment("dev")
    lanes = {name: lane.model_copy(update={"node_labels": {"pool": name}}) for name, lane in sound.lanes.items()}
    changed: Environment = sound.model_copy(update={"egress": egress_config, "lanes": lanes})
    monkeypatch.setattr(committed, "environment", lambda _stack: changed)


def test_nat_gateway_pins_by_the_lanes_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    with_egress(monkeypatch, NatGateway(strategy="nat_gateway", vpc_id="vpc-1", public_subnet_ids={"a": "s"}))
    stack, judging = campaign_stack(), rule("sender-pinned-to-lane")
    found = violations(judging, list(stack.values()))
    assert any("does not tolerate the taint" in message for message in found)
    assert any("nodeSelector warmlane.dev/lane is missing. Set it to amber" in message for message in found)
    taint = {"key": "warmlane.dev/lane", "operator": "Equal", "value": "amber", "effect": "NoSchedule"}
    pod(stack).update(nodeSelector={"warmlane.dev/lane": "amber"}, tolerations=[taint])
    assert violations(judging, list(stack.values())) == []
    pod(stack)["tolerations"].append({"operator": "Exists"})
    assert "tolerates the nodes of other lanes" in violations(judging, list(stack.values()))[0]


def test_external_pins_by_the_lanes_own_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    with_egress(monkeypatch, External(strategy="external"))
    stack, judging = campaign_stack(), rule("sender-pinned-to-lane")
    pod(stack)["nodeSelector"] = {"pool": "birch"}
    assert "nodeSelector pool is birch. Set it to amber" in violations(judging, list(stack.values()))[0]
    pod(stack)["nodeSelector"] = {"pool": "amber"}
    assert violations(judging, list(stack.values())) == []
