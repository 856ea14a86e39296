"""A campaign's objects lie in the campaign's namespace, the environment's in the platform's, and none anywhere else.

Which rules judge an object is decided by its namespace, so it must be in the plan, written out.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.inputs import Scope, plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, resource_rule, title
from policies.scopes import is_campaign_stack, of_kinds, of_types
from warmlane import names

KUBERNETES, AWS = "pulumi:providers:kubernetes", "pulumi:providers:aws"
ELSEWHERE = {
    # Not `kubeconfig`: Pulumi's SDK fills it in from $KUBECONFIG, and the context decides what of it is used.
    KUBERNETES: ("cluster", "renderYamlToDirectory"),
    AWS: (
        *("accessKey", "secretKey", "token", "profile", "assumeRoles", "assumeRoleWithWebIdentity"),
        *("sharedConfigFiles", "sharedCredentialsFiles"),
    ),
}
"""By type of a provider, settings by which its objects go to another cluster or account, or to files."""

ABOUT = About(
    name="objects-in-own-namespace",
    display_name="Objects in their own namespace",
    description=(
        "Each object names its namespace: a campaign's stack its campaign's and no object of the whole cluster, an "
        f"environment's stack {names.PLATFORM_NAMESPACE} or {names.MONITORING_NAMESPACE}; none has an owner, and all "
        "go to the committed cluster and region."
    ),
    why=(
        "An object elsewhere is outside its campaign's policies, quota and destroy, and may be inside another's; one "
        "with an owner goes when that goes, or at once where there is none."
    ),
    remediation="Write metadata.namespace; warmlane/names.py has the names.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(Scope("every object that lies in a namespace", kubernetes.namespaced), ("metadata", "namespace")),
        *plan(of_kinds("Namespace"), ("metadata", "name")),
        *plan(
            Scope("every Kubernetes object", lambda one: bool(kubernetes.kind(one))), ("metadata", "ownerReferences")
        ),
        *plan(of_types(KUBERNETES), "context", *ELSEWHERE[KUBERNETES]),
        *plan(of_types(AWS), "region", *ELSEWHERE[AWS]),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    what, kind, found = kubernetes.title(resource), kubernetes.kind(resource), kubernetes.namespace(resource)
    own = _own(resource)
    if resource.type in ELSEWHERE:
        yield from _provider(resource)
    if not kind or kubernetes.namespace_unknown(resource):
        return
    if items(resource.props, "metadata", "ownerReferences"):
        yield (
            f"{what} has an owner, and the cluster deletes it once that is gone, whatever the plan says. Remove "
            "metadata.ownerReferences."
        )
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


def _provider(resource: Resource) -> Iterator[str]:
    environment, what = committed.environment(resource.stack), f"The provider {title(resource)}"
    for key in ELSEWHERE[resource.type]:
        if at(resource.props, key) not in (None, "", UNKNOWN):
            yield f"{what} sets {key}, by which its objects go elsewhere. Remove {key}."
    key, right = "context", environment.cluster.context
    if resource.type == AWS:
        key, right = "region", environment.aws.region if environment.aws else ""
    if at(resource.props, key) not in (right, UNKNOWN):
        shown = at(resource.props, key) or "missing"
        yield f"{what}: {key} is {shown}, but the committed config says {right or 'nothing'}. Set it to that."


def _own(resource: Resource) -> tuple[str, ...]:
    """The namespaces of the resource's stack."""
    if is_campaign_stack(resource):
        environment = committed.environment_name(resource.stack)
        return (names.namespace(resource.stack.removesuffix(f".{environment}")),)
    return names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE


RULE = resource_rule(ABOUT, judge)
