"""A campaign's pods start after everything that keeps them to themselves, and go before it.

Without an edge in the plan, Pulumi makes both at once: for a while pods run without quota or account, and on destroy
the isolation goes first. The default-deny policy is `default-deny-present`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes
from policies.graph import reach
from policies.inputs import plan
from policies.rule import About, Resource, stack_rule
from policies.scopes import of_kinds
from warmlane import names

FIRST = ("LimitRange", "Namespace", "NetworkPolicy", "ResourceQuota", "Role", "RoleBinding", "ServiceAccount")

ABOUT = About(
    name="isolation-before-workload",
    display_name="Isolation before workload",
    description=(
        "A campaign's workload depends on its namespace, its policies, its quota and limits, its account and its roles."
    ),
    why="A pod that starts before its quota counts for nothing in it, and one before its policies is open or cut off.",
    remediation="Add CampaignIsolation.objects (components/isolation.py) to the workload's depends_on.",
    severity=Severity.HIGH,
    inputs=plan(of_kinds(*(kind for kind in FIRST if kind != "Namespace")), ("metadata", "namespace")),
)


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    by_urn = {resource.urn: resource for resource in resources}
    for workload in filter(kubernetes.has_pods, resources):
        if not kubernetes.campaign(workload):
            continue
        reached = reach(workload, by_urn)
        late = [
            f"{kubernetes.kind(resource)} {kubernetes.name(resource)}"
            for resource in resources
            if kubernetes.kind(resource) in FIRST
            and kubernetes.namespace(resource) == kubernetes.namespace(workload)
            and not _is_default_deny(resource)
            and resource.urn not in reached
        ]
        if late:
            yield (
                f"{kubernetes.title(workload)} does not depend on {', '.join(late)} of its namespace, so its pods "
                "could start before and stay after. Add them to the workload's depends_on.",
                workload,
            )


def _is_default_deny(resource: Resource) -> bool:
    return kubernetes.kind(resource) == "NetworkPolicy" and kubernetes.name(resource) == names.DEFAULT_DENY_POLICY


RULE = stack_rule(ABOUT, judge)
