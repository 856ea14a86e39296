"""The resources that rules' inputs belong to."""

from __future__ import annotations

from policies import kubernetes
from policies.inputs import Path, Scope
from policies.resource import Resource

POD_TEMPLATES = Scope(
    "every pod and template of pods",
    kubernetes.has_pods,
    lambda resource: kubernetes.TEMPLATE_PATHS[kubernetes.kind(resource)],
)

WORKLOADS = Scope("everything that has pods", kubernetes.has_pods)

CAMPAIGN_POD_TEMPLATES = Scope(
    "every pod and template of pods in a campaign's namespace",
    lambda resource: kubernetes.has_pods(resource) and bool(kubernetes.campaign(resource)),
    POD_TEMPLATES.root,
)

LISTS_OF_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def of_kinds(*kinds: str) -> Scope:
    """Kubernetes objects of these kinds, wherever they are."""
    return Scope(", ".join(kinds), lambda resource: kubernetes.kind(resource) in kinds)


def named(kind: str, name: str) -> Scope:
    """Kubernetes objects of a kind and name, whatever their namespace."""
    return Scope(
        f"{kind} {name}", lambda resource: kubernetes.kind(resource) == kind and kubernetes.name(resource) == name
    )


def of_types(*types: str) -> Scope:
    """Resources of these Pulumi types."""
    return Scope(", ".join(map(_short, types)), lambda resource: resource.type in types)


def _short(type_: str) -> str:
    return type_.rsplit(":", 1)[1]


def in_containers(*path: str) -> list[Path]:
    """The path below each container of a pod, init and ephemeral ones as well."""
    return [("spec", field, "[]", *path) for field in LISTS_OF_CONTAINERS]


def is_campaign_stack(resource: Resource) -> bool:
    """Whether the stack is a campaign's (`<campaign>.<environment>`) and not an environment's."""
    return "." in resource.stack


def of_campaigns(*kinds: str) -> Scope:
    """Kubernetes objects of these kinds in a campaign's stack."""
    return Scope(
        f"{', '.join(kinds)} of a campaign's stack",
        lambda resource: kubernetes.kind(resource) in kinds and is_campaign_stack(resource),
    )
