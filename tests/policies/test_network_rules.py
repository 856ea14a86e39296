"""Near misses of the rules about network policies and about what is seen and where: each of these must pass."""

from __future__ import annotations

import pytest

from policies.plain import at
from tests.policies.campaign_mutants import SMTP, WHERE, Change, block, egress, pods, smtp_block
from tests.policies.harness import campaign_stack, environment_stack, rule, violations
from tests.policies.mutants import Build
from tests.policies.network_mutants import DENY, MONITORING, OPEN, PLACE, POLICY, UNSEEN, WIDE, add, metadata
from warmlane import isolation

DNS_PODS = pods("kube-system", **{"k8s-app": "kube-dns"})
HALVES = [{"ipBlock": {"cidr": cidr}} for cidr in ("203.0.113.0/25", "203.0.113.128/25")]
SENDER = {"podSelector": {"matchLabels": {"app": "email-sender-spring-sale"}}}
PRODUCER = pods("producers", app="spring-sale-producer", tier="web")
BY_EXPRESSION = {
    "namespaceSelector": {
        "matchExpressions": [{"key": isolation.NAMESPACE_LABEL, "operator": "In", "values": ["kube-system"]}]
    },
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns", "tier": "one"}},
}
NOBODY = {"podSelector": {"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}}
NOBODY["podSelector"]["matchExpressions"].append({"key": "a", "operator": "DoesNotExist"})  # type: ignore[dict-item]

NEAR_MISSES: list[tuple[Build, str, str, Change]] = [
    (campaign_stack, WIDE, "a part of the public addresses", egress(block("203.0.113.0/24"), SMTP)),
    (campaign_stack, WIDE, "up to the edge of a private range", egress(block("11.0.0.0/8"), SMTP)),
    (campaign_stack, WIDE, "a wide block with one exception", egress(block("10.0.0.0/7", "10.0.0.0/8"), SMTP)),
    (campaign_stack, WIDE, "more exceptions", lambda s: smtp_block(s)["except"].append("203.0.113.0/24")),
    (campaign_stack, WIDE, "TCP by default", egress(block("203.0.113.0/24"), {"port": 25, "endPort": 25})),
    (campaign_stack, WIDE, "DNS pods by an expression", egress(BY_EXPRESSION, {"protocol": "UDP", "port": 53})),
    (campaign_stack, WIDE, "selects nobody", egress({**DNS_PODS, **NOBODY}, {"port": 443})),
    (
        campaign_stack,
        WIDE,
        "two blocks side by side",
        add(POLICY, spec={"podSelector": {}, "egress": [{"to": HALVES, "ports": [SMTP]}], "policyTypes": ["Egress"]}),
    ),
    (
        campaign_stack,
        WIDE,
        "producers with one label more",
        add(POLICY, spec={**SENDER, "ingress": [{"from": [PRODUCER], "ports": [SMTP]}]}),
    ),
    (
        campaign_stack,
        WIDE,
        "siblings by one label more",
        lambda s: at(s["sibling-handover"].props, "spec", "ingress")[0]["from"][0]["podSelector"]["matchLabels"].update(
            a="b"
        ),
    ),
    (campaign_stack, WIDE, "only closed", add(POLICY, spec={"podSelector": {}, "policyTypes": ["Ingress"]})),
    (campaign_stack, DENY, "an empty ingress", lambda s: s["default-deny"].props["spec"].update(ingress=[])),
    (campaign_stack, DENY, "the other order", lambda s: s["default-deny"].props["spec"]["policyTypes"].reverse()),
    (campaign_stack, DENY, "an empty selector", lambda s: s["default-deny"].props["spec"].pop("podSelector")),
    (campaign_stack, UNSEEN, "an older API version", add("extensions/v1beta1:NetworkPolicy", spec=OPEN)),
    (campaign_stack, UNSEEN, "a kind that ends like a list", add("core/v1:ConfigMap", data={"kind": "List"})),
    (campaign_stack, PLACE, "another object of the campaign", add("core/v1:ConfigMap", WHERE)),
    (campaign_stack, PLACE, "labels", metadata("config", labels={"a": "b"})),
    (environment_stack, PLACE, "monitoring", add("core/v1:ConfigMap", MONITORING, "dev")),
    (environment_stack, PLACE, "of the cluster", add("storage.k8s.io/v1:StorageClass", "", "dev")),
    (
        environment_stack,
        UNSEEN,
        "Kubernetes' own",
        add("storage.k8s.io/v1:StorageClass", ""),
    ),
]


@pytest.mark.parametrize(
    ("build", "name", "change"),
    [(build, name, change) for build, name, _, change in NEAR_MISSES],
    ids=[f"{name}-{title}" for _, name, title, _ in NEAR_MISSES],
)
def test_a_near_miss_passes(build: Build, name: str, change: Change) -> None:
    stack = build()
    change(stack)
    assert violations(rule(name), list(stack.values())) == []


def test_the_one_policy_of_ciliums_own_passes_as_it_is_and_no_wider() -> None:
    stack = environment_stack()
    (found,) = [item for item in stack.values() if item.type.endswith(":CiliumNetworkPolicy")]
    assert violations(rule(WIDE), [found]) == []
    at(found.props, "spec", "egress")[0]["toEntities"].append("world")
    (message,) = violations(rule(WIDE), [found])
    assert "the list has no such object" in message


def test_a_message_names_policy_rule_excess_and_fix() -> None:
    stack = campaign_stack()
    smtp_block(stack)["except"].remove("169.254.0.0/16")
    (message,) = violations(rule(WIDE), list(stack.values()))
    assert message.startswith(f"NetworkPolicy {WHERE}/smtp-egress allows egress to 0.0.0.0/0 except 0.0.0.0/8, ")
    assert "on TCP 25 (spec.egress[0])" in message
    assert message.endswith(
        "Too wide: 169.254.0.0/16. To narrow it, put these addresses into `except`; or remove the rule."
    )
