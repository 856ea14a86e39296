"""Each namespace of ours denies all traffic that no other policy allows, before its first pod starts.

The policy has one fixed name in every namespace. Under a name that the provider makes up, or another one tomorrow, it
would be deleted and made again, and for that while all its pods would be open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import kubernetes
from policies.graph import reach
from policies.inputs import plan
from policies.network.spec import Direction, Unreadable, read_policy
from policies.plain import at, unknown_paths
from policies.rule import About, Resource, stack_rule
from policies.scopes import named, of_kinds
from warmlane import names

ABOUT = About(
    name="default-deny-present",
    display_name="Default deny present",
    description=(
        "Namespaces of campaigns and of the platform have a NetworkPolicy, always under the name default-deny, that "
        "denies all ingress and egress, and their pods start after it."
    ),
    why="What no policy selects is open to all, and a policy that changes its name is gone for a while.",
    remediation=(
        "Declare CampaignIsolation (components/isolation.py) for the namespace and let the workload depend on it."
    ),
    severity=Severity.CRITICAL,
    inputs=(
        *plan(of_kinds("NetworkPolicy"), ("metadata", "namespace"), ("metadata", "name")),
        *plan(named("NetworkPolicy", names.DEFAULT_DENY_POLICY), "spec"),
    ),
)

PLATFORM_NAMESPACES = (names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE)


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    denied = {kubernetes.namespace(resource): resource.urn for resource in resources if denies_everything(resource)}
    by_urn = {resource.urn: resource for resource in resources}
    for resource in kubernetes.first_of_each_namespace(resources):
        namespace = kubernetes.namespace(resource)
        if _is_ours(resource) and namespace not in denied:
            yield (
                f"{kubernetes.title(resource)} has no NetworkPolicy around it that denies all ingress and egress. Add "
                f"the policy {names.DEFAULT_DENY_POLICY}, under that very name, with podSelector {{}} and policyTypes "
                f"Ingress and Egress to {namespace}.",
                resource,
            )
    for resource in filter(kubernetes.has_pods, resources):
        policy = denied.get(kubernetes.namespace(resource))
        if _is_ours(resource) and policy is not None and policy not in reach(resource, by_urn):
            yield (
                f"{kubernetes.title(resource)} does not depend on the NetworkPolicy {names.DEFAULT_DENY_POLICY} of "
                f"{kubernetes.namespace(resource)}, so its pods could start before anything is denied. Add the policy "
                "to the workload's depends_on.",
                resource,
            )


def _is_ours(resource: Resource) -> bool:
    return bool(kubernetes.campaign(resource)) or kubernetes.namespace(resource) in PLATFORM_NAMESPACES


def denies_everything(resource: Resource) -> bool:
    """Whether the object is the NetworkPolicy `default-deny`: it selects every pod, both ways, and allows nothing."""
    return (
        kubernetes.kind(resource) == "NetworkPolicy"
        and not kubernetes.is_patch(resource)
        and at(resource.props, "metadata", "name") == names.DEFAULT_DENY_POLICY
        and _isolates_and_allows_nothing(at(resource.props, "spec"))
    )


def _isolates_and_allows_nothing(spec: Any) -> bool:
    if any(unknown_paths(spec)):
        return False
    try:
        policy = read_policy("", names.DEFAULT_DENY_POLICY, spec)
    except Unreadable:
        return False
    return not policy.pods.conditions and policy.isolates == set(Direction) and not policy.rules


RULE = stack_rule(ABOUT, judge)
