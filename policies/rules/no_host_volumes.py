"""No volume is a piece of a node's disk, and no claim takes a volume that the plan does not show.

Pod Security looks at pods alone: a PersistentVolume with a `hostPath`, taken by a claim, is the node's file system all
the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import kubernetes
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, resource_rule
from policies.scopes import POD_TEMPLATES, of_kinds

CLAIM = ("volumeName", "selector", "storageClassName")
"""Fields of a claim that say which volume it takes."""
TEMPLATE = ("spec", "volumeClaimTemplates", EACH)
EPHEMERAL = ("spec", "volumes", EACH, "ephemeral", "volumeClaimTemplate")

ABOUT = About(
    name="no-host-volumes",
    display_name="No host volumes",
    description=(
        "PersistentVolumes lie on no node's disk, claims are filled by a storage class, by no volume of choice, and "
        "pods have no volume that their node fetches over the network."
    ),
    why=(
        "A claim on a volume with a hostPath gives a pod its node's file system, which Pod Security does not see; a "
        "share that the node mounts for a pod is a way out past every NetworkPolicy."
    ),
    remediation="Leave the volume to a storage class: name the class, or none for the cluster's default.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(of_kinds("PersistentVolume"), ("spec", "hostPath"), ("spec", "local")),
        *plan(of_kinds("StorageClass"), "provisioner"),
        *plan(of_kinds("PersistentVolumeClaim"), *(("spec", field) for field in CLAIM)),
        *plan(of_kinds("StatefulSet"), *((*TEMPLATE, "spec", field) for field in CLAIM)),
        *plan(POD_TEMPLATES, ("spec", "volumes", EACH)),
        *plan(POD_TEMPLATES, *((*EPHEMERAL, "spec", field) for field in CLAIM)),
    ),
)

OF_THE_CLUSTER = {
    *("configMap", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"),
    "hostPath",
}
"""Sources of a pod's volumes that its node needs no other host for; `no-host-access` refuses hostPath."""
ON_A_NODE = ("hostPath", "local")
NO_PROVISIONER = "kubernetes.io/no-provisioner"
"""Provisioner of classes whose volumes somebody makes by hand, on nodes' own disks."""
PROVISIONED = re.compile(r"pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Names of volumes that a storage class made: the API server writes them into the claim once it is filled."""


def judge(resource: Resource) -> Iterator[str]:
    kind, what = kubernetes.kind(resource), kubernetes.title(resource)
    if kind == "PersistentVolume":
        for field in ON_A_NODE:
            if at(resource.props, "spec", field) not in (None, UNKNOWN):
                yield (
                    f"{what} lies on a node's disk by spec.{field}. Remove it, and let a storage class make the volume."
                )
    if kind == "StorageClass" and at(resource.props, "provisioner") == NO_PROVISIONER:
        yield (
            f"{what} has the provisioner {NO_PROVISIONER}, whose volumes lie on nodes' disks. Name a provisioner that "
            "makes volumes off the nodes."
        )
    if kubernetes.has_pods(resource):
        for volume in items(kubernetes.pod_template(resource), "spec", "volumes"):
            for source in sorted(set(volume) - OF_THE_CLUSTER - {"name"} if isinstance(volume, dict) else ()):
                yield (
                    f"{what} has its node fetch the volume {at(volume, 'name')} by {source}, outside every "
                    "NetworkPolicy. Use a claim or a volume of the cluster's own objects."
                )
    for claim in _claims(resource):
        yield from _judge_claim(what, claim)


def _claims(resource: Resource) -> Iterator[Any]:
    """Specs of the claims that an object is, or that it makes for its pods."""
    kind = kubernetes.kind(resource)
    if kind == "PersistentVolumeClaim":
        yield at(resource.props, "spec")
    if kind == "StatefulSet":
        yield from (at(template, "spec") for template in items(resource.props, "spec", "volumeClaimTemplates"))
    if kubernetes.has_pods(resource):
        for volume in items(kubernetes.pod_template(resource), "spec", "volumes"):
            yield at(volume, "ephemeral", "volumeClaimTemplate", "spec")


def _judge_claim(what: str, claim: Any) -> Iterator[str]:
    volume = at(claim, "volumeName")
    if isinstance(volume, str) and volume and not PROVISIONED.fullmatch(volume):
        yield (
            f"{what} claims the volume {volume}, and no plan shows where that lies. Remove volumeName, and let a "
            "storage class make the volume."
        )
    if at(claim, "selector") not in (None, UNKNOWN):
        yield f"{what} claims whatever volume its selector finds. Remove the selector, and name a storage class."
    if at(claim, "storageClassName") == "":
        yield (
            f"{what} claims any volume without a storage class, made by whomever. Name a storage class, or leave "
            "storageClassName out for the cluster's default."
        )


RULE = resource_rule(ABOUT, judge)
