"""A campaign's objects lie in the campaign's namespace, the environment's in the platform's, and none anywhere else.

Which rules judge an object is decided by its namespace, so it must be in the plan, written out.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.inputs import Scope, plan
from policies.rule import About, Resource, resource_rule
from policies.scopes import is_campaign_stack, of_kinds
from warmlane import names

ABOUT = About(
    name="objects-in-own-namespace",
    display_name="Objects in their own namespace",
    description=(
        "Each object names its namespace: a campaign's stack its campaign's and no object of the whole cluster, an "
        f"environment's stack {names.PLATFORM_NAMESPACE} or {names.MONITORING_NAMESPACE}."
    ),
    why="An object elsewhere is outside its campaign's policies, quota and destroy, and may be inside another's.",
    remediation="Write metadata.namespace; warmlane/names.py has the names.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(Scope("every object that lies in a namespace", kubernetes.namespaced), ("metadata", "namespace")),
        *plan(of_kinds("Namespace"), ("metadata", "name")),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    what, kind, found = kubernetes.title(resource), kubernetes.kind(resource), kubernetes.namespace(resource)
    own = _own(resource)
    if not kind or kubernetes.namespace_unknown(resource):
        return
    if kind in kubernetes.CLUSTER_SCOPED and kind != "Namespace":
        if is_campaign_stack(resource):
            yield (
                f"{what} is of the whole cluster, and {resource.stack} may declare objects of {own[0]} only. Remove "
                "it, or let the environment's stack declare it."
            )
    elif not found and kind != "Namespace":
        yield f"{what} {kubernetes.NOWHERE}"
    elif found not in own:
        yield (
            f"{what} is in {found or 'a namespace that the provider names'}, and {resource.stack} may declare objects "
            f"of {' and '.join(own)} only. Move it there or remove it."
        )


def _own(resource: Resource) -> tuple[str, ...]:
    """The namespaces of the resource's stack."""
    if is_campaign_stack(resource):
        environment = committed.environment_name(resource.stack)
        return (names.namespace(resource.stack.removesuffix(f".{environment}")),)
    return names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE


RULE = resource_rule(ABOUT, judge)
