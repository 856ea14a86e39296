"""Each rule passes what Warmlane makes, and refuses what it is there to refuse, by naming the thing and the fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel

from policies import committed
from policies.rules import RULES
from tests.policies.campaign_mutants import CAMPAIGN_MUTANTS, SMTP, WHERE, Change, Stack, block, egress, pod
from tests.policies.environment_mutants import ENVIRONMENT_MUTANTS
from tests.policies.harness import campaign_stack, environment_stack, kubernetes, rule, violations
from tests.policies.warm_up_mutants import WARM_UP_MUTANTS
from warmlane.environment import Environment, External, NatGateway

MUTANTS = [
    *[(campaign_stack, *mutant) for mutant in [*CAMPAIGN_MUTANTS, *WARM_UP_MUTANTS]],
    *[(environment_stack, *mutant) for mutant in ENVIRONMENT_MUTANTS],
]


@pytest.mark.parametrize("judging", RULES, ids=lambda judging: judging.name)
def test_what_warmlane_makes_passes(judging: Any) -> None:
    for stack in (campaign_stack(), campaign_stack("newsletter"), environment_stack()):
        assert violations(judging, list(stack.values())) == []


@pytest.mark.parametrize(
    ("build", "name", "change", "text"),
    [(build, name, change, text) for build, name, _, change, text in MUTANTS],
    ids=[f"{name}-{title}" for _, name, title, _, _ in MUTANTS],
)
def test_a_mutant_is_refused(build: Callable[[], Stack], name: str, change: Change, text: str) -> None:
    stack = build()
    change(stack)
    found = violations(rule(name), list(stack.values()))
    assert any(text in message for message in found), f"expected {text!r} in {found}"
    for message in found:
        assert message[0].isupper() and message.endswith("."), f"a message is whole sentences: {message}"


def test_every_rule_has_mutants() -> None:
    assert {mutant[1] for mutant in MUTANTS} == {judging.name for judging in RULES}


@pytest.mark.parametrize("judging", RULES, ids=lambda judging: judging.name)
def test_every_rule_is_mandatory_and_explained(judging: Any) -> None:
    assert judging.enforcement_level is EnforcementLevel.MANDATORY, "a rule without a level is advice"
    assert judging.display_name and judging.remediation_steps and judging.severity
    assert judging.description.endswith(".")


def test_names_are_unique() -> None:
    assert len({judging.name for judging in RULES}) == len(RULES)


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
