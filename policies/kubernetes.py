"""What rules ask of a Kubernetes object, whatever its API version."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import Resource
from warmlane import names

TEMPLATE_PATHS: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""By kind, where the template of its pods lies."""

CILIUM = "cilium.io"
"""The API group of Cilium's own kinds."""

NOWHERE = (
    "has no metadata.namespace, so that the provider decides where it goes, and no plan shows that. Set "
    "metadata.namespace."
)
"""The rest of a message about an object whose namespace is not in the plan."""

CLUSTER_SCOPED = {
    *("Namespace", "Node", "PersistentVolume", "ComponentStatus", "APIService", "CustomResourceDefinition"),
    *("ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle", "CertificateSigningRequest"),
    *("StorageClass", "VolumeAttributesClass", "VolumeAttachment", "CSIDriver", "CSINode", "StorageVersionMigration"),
    *("PriorityClass", "RuntimeClass", "IngressClass", "IPAddress", "ServiceCIDR", "DeviceClass", "ResourceSlice"),
    *("FlowSchema", "PriorityLevelConfiguration", "StorageVersion", "DeviceTaintRule"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"),
    *("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"),
    *("TokenReview", "SubjectAccessReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview", "SelfSubjectReview"),
    *("CiliumEgressGatewayPolicy", "CiliumClusterwideNetworkPolicy"),
}
"""Kinds that no namespace holds (Kubernetes 1.35, and Cilium's that are judged); every other kind counts as held."""


def kind(resource: Resource) -> str:
    """The object's kind, empty for anything but Kubernetes; a `…Patch` resource is the kind that it patches."""
    return _kind(resource.type)


@cache
def _kind(type_: str) -> str:
    """Kept by type, as each rule's scopes ask it of each resource."""
    return type_.rsplit(":", 1)[1].removesuffix("Patch") if type_.startswith("kubernetes:") else ""


def group(resource: Resource) -> str:
    """The object's API group, such as `apps`; `core` for the group without a name, empty for anything else."""
    if not resource.type.startswith("kubernetes:"):
        return ""
    return resource.type.split(":")[1].split("/")[0]


def is_patch(resource: Resource) -> bool:
    """Whether the resource changes a part of an object that somebody else declares."""
    return resource.type.startswith("kubernetes:") and resource.type.endswith("Patch")


def namespaced(resource: Resource) -> bool:
    """Whether the resource is a Kubernetes object that lies in a namespace."""
    return bool(kind(resource)) and kind(resource) not in CLUSTER_SCOPED


def name(resource: Resource) -> str:
    """The object's own name, or the resource's where the provider makes one up."""
    found = at(resource.props, "metadata", "name")
    return found if isinstance(found, str) else resource.name


def namespace(resource: Resource) -> str:
    """The object's namespace (of a Namespace: itself), empty where it is not known."""
    found = _place(resource)
    return found if isinstance(found, str) else ""


def _place(resource: Resource) -> Any:
    return at(resource.props, "metadata", "name" if kind(resource) == "Namespace" else "namespace")


def namespace_unknown(resource: Resource) -> bool:
    """Whether the namespace (of a Namespace: its name) is known only after deployment."""
    return _place(resource) is UNKNOWN


def campaign(resource: Resource) -> str:
    """The id of the campaign whose namespace the object is in, empty where it is in none."""
    where = namespace(resource)
    return where.removeprefix(names.NAMESPACE_PREFIX) if where.startswith(names.NAMESPACE_PREFIX) else ""


def title(resource: Resource) -> str:
    """The object as messages name it: `Deployment campaign-a/email-sender-campaign-a`."""
    if kind(resource) == "Namespace":
        return f"Namespace {name(resource)}"
    where = namespace(resource)
    return f"{kind(resource)} {where}/{name(resource)}" if where else f"{kind(resource)} {name(resource)}"


def has_pods(resource: Resource) -> bool:
    """Whether the object is a pod or makes pods."""
    return kind(resource) in TEMPLATE_PATHS


def pod_template(resource: Resource) -> Any:
    """The template of the object's pods (of a Pod: itself): metadata and spec; UNKNOWN where it is not known."""
    return at(resource.props, *TEMPLATE_PATHS[kind(resource)])


def containers(pod_spec: Any) -> list[dict[str, Any]]:
    """Every container of a pod: init and ephemeral ones as well."""
    return [
        container
        for field in ("initContainers", "containers", "ephemeralContainers")
        for container in items(pod_spec, field)
        if isinstance(container, dict)
    ]


def pod_labels(resource: Resource) -> dict[str, Any]:
    """Labels of the object's pods."""
    return mapping(pod_template(resource), "metadata", "labels")


def first_of_each_namespace(resources: Iterable[Resource]) -> list[Resource]:
    """By namespace, the object that messages name: the Namespace if the stack declares it, or else a workload."""
    found = dict[str, Resource]()
    for resource in resources:
        if kind(resource) == "Namespace":
            found[namespace(resource)] = resource
        elif has_pods(resource):
            found.setdefault(namespace(resource), resource)
    return list(found.values())
