"""Fields whose change needs a new object.

What Pulumi's provider replaces for (`forceNewProperties` in its provider/pkg/provider/diff.go, 4.34), and, marked with
`*`, more of what the API server refuses to change (`Validate…Update` in pkg/apis/*/validation of Kubernetes 1.35); its
provider passes that refusal on.
"""

from __future__ import annotations

Path = tuple[str | int, ...]


def _fields(*dotted: str) -> tuple[Path, ...]:
    return tuple(tuple(path.split(".")) for path in dotted)


IDENTITY = _fields("apiVersion", "kind", "metadata.name", "metadata.namespace")

_POD = _fields("spec")
_JOB = _fields("spec.completions", "spec.completionMode", "spec.parallelism", "spec.selector", "spec.template")
_STATEFUL_SET = _fields(
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
)
_VOLUME_SOURCES = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk", "portworxVolume"),
    *("quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
)

IMMUTABLE: dict[tuple[str, str], tuple[Path, ...]] = {
    ("", "PersistentVolume"): _fields(*(f"spec.{source}" for source in _VOLUME_SOURCES)),
    ("", "PersistentVolumeClaim"): _fields("spec"),
    ("", "Pod"): _POD,
    ("", "ResourceQuota"): _fields("spec.scopes"),
    ("", "Secret"): _fields("type"),
    ("", "Service"): _fields("spec.clusterIP"),
    ("apps", "DaemonSet"): _fields("spec.selector"),
    ("apps", "Deployment"): _fields("spec.selector"),
    ("apps", "StatefulSet"): _STATEFUL_SET,
    ("batch", "Job"): _JOB,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _fields("roleRef"),
    ("rbac.authorization.k8s.io", "RoleBinding"): _fields("roleRef"),
    # * reclaimPolicy, volumeBindingMode
    ("storage.k8s.io", "StorageClass"): _fields("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
    # * CSIDriver and PriorityClass
    ("storage.k8s.io", "CSIDriver"): _fields("spec.attachRequired", "spec.volumeLifecycleModes"),
    ("scheduling.k8s.io", "PriorityClass"): _fields("value", "preemptionPolicy"),
}
"""By API group and kind."""

CONTENT = {"ConfigMap": _fields("data", "binaryData"), "Secret": _fields("data", "stringData")}
"""Fields whose change replaces the object, unless the provider is told that the kind is mutable and the object itself
does not say `immutable: true` (pulumi-kubernetes 3.17.0, change 1926)."""
SEAL = _fields("immutable")


def immutable(api_version: str, kind: str, mutable: frozenset[str], sealed: bool) -> tuple[Path, ...]:
    """The paths of a kind whose change needs a new object.

    `mutable` are kinds whose content may change in place; `sealed`: the object as it is says that it is immutable.
    """
    group = api_version.rpartition("/")[0]
    content = CONTENT.get(kind, ()) if not group and (sealed or kind not in mutable) else ()
    return (*IDENTITY, *IMMUTABLE.get((group, kind), ()), *content, *(SEAL if content and sealed else ()))
