"""The fields that a campaign's pods may have, and the values of those that no other rule judges.

A list of what is forbidden ends with the Kubernetes release that it was written for; this is the list of what a sender
needs, with what the API server fills in by itself (Kubernetes 1.35, PodSpec and Container v1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.plain import UNKNOWN

ANY: Final = None
"""Another rule judges the value, or it changes nothing that a pod can reach."""

Shape = Any
"""ANY, a mapping of fields to shapes, a list of one shape for all entries, or the values that are allowed."""

_SECONDS = {
    key: ANY
    for key in ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold")
}
_PROBE: Shape = {
    "tcpSocket": {"port": ANY},
    "httpGet": {"path": ANY, "port": ANY, "scheme": ("HTTP",)},
    **_SECONDS,
}
_CONTAINER: Shape = {
    # containers-known
    **dict.fromkeys(("name", "image", "command", "args", "env", "envFrom"), ANY),
    "imagePullPolicy": ("IfNotPresent", "Always"),
    "ports": [{"name": ANY, "containerPort": ANY, "protocol": ANY}],
    "resources": {"requests": ANY, "limits": ANY},
    # pod-security-level
    "securityContext": ANY,
    "startupProbe": _PROBE,
    "readinessProbe": _PROBE,
    "livenessProbe": _PROBE,
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "volumeMounts": [{"name": ANY, "mountPath": ANY, "readOnly": ANY}],
}
_VOLUME: Shape = {
    "name": ANY,
    "configMap": {"name": ANY, "optional": ANY, "defaultMode": ANY, "items": ANY},
    "secret": {"secretName": ANY, "optional": ANY, "defaultMode": ANY, "items": ANY},
    "emptyDir": {"medium": ANY, "sizeLimit": ANY},
    "persistentVolumeClaim": {"claimName": ANY, "readOnly": ANY},
}
POD_SPEC: Shape = {
    # containers-known allows none of the other two.
    "containers": [_CONTAINER],
    "initContainers": ANY,
    "ephemeralContainers": ANY,
    "volumes": [_VOLUME],
    # no-service-account-token and derived-identity
    "automountServiceAccountToken": ANY,
    "serviceAccountName": ANY,
    # The API server writes the name under its old key as well.
    "serviceAccount": ANY,
    # sender-pinned-to-lane
    "nodeSelector": ANY,
    "tolerations": ANY,
    # quota-and-limits-present
    "priority": ANY,
    "priorityClassName": ANY,
    # no-host-access
    "hostNetwork": ANY,
    "hostPID": ANY,
    "hostIPC": ANY,
    "hostUsers": ANY,
    "dnsPolicy": ("ClusterFirst",),
    "enableServiceLinks": (False,),
    "restartPolicy": ("Always",),
    "schedulerName": ("default-scheduler",),
    "securityContext": {"seccompProfile": ANY},
    # Postfix ends open transactions within 30 s; a node that is drained waits no longer than ten minutes.
    "terminationGracePeriodSeconds": range(30, 601),
    "topologySpreadConstraints": [
        {"maxSkew": ANY, "topologyKey": ANY, "whenUnsatisfiable": ("ScheduleAnyway",), "labelSelector": ANY}
    ],
}

WORKLOAD_SPEC: Shape = {
    # sender-configured, derived-identity and spool-stated
    **dict.fromkeys(("replicas", "selector", "template", "serviceName", "volumeClaimTemplates", "ordinals"), ANY),
    "persistentVolumeClaimRetentionPolicy": ANY,
    "revisionHistoryLimit": ANY,
    "progressDeadlineSeconds": ANY,
    "minReadySeconds": (0,),
    # A ready pod goes only when its successor is ready, and hands its queue to one that stays.
    "strategy": {"type": ("RollingUpdate",), "rollingUpdate": {"maxUnavailable": (0, "0%"), "maxSurge": ANY}},
    # What is committed reaches every pod, one after the other.
    "updateStrategy": {"type": ("RollingUpdate",), "rollingUpdate": {"partition": (0,), "maxUnavailable": (1,)}},
    "podManagementPolicy": ("Parallel",),
}
"""Of the Deployment or StatefulSet."""

ANNOTATIONS = (
    "warmlane.dev/",
    "kubectl.kubernetes.io/restartedAt",
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
)
"""Annotations of pods, of what makes them and of their namespace: Warmlane's own, and what kubectl and controllers
write. CNI plugins (Multus), admission plugins (PodNodeSelector) and injectors of sidecars are told by annotations."""
BESIDE_PODS = (
    "pulumi.com/skipAwait",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
)
"""Annotations of claims, Services and files beside those: the word to Pulumi not to wait for one, and what the cluster
writes while it binds a claim. The old key of a storage class, which goes before the field, is none of them."""
LABELS = ("warmlane.dev/", "app.kubernetes.io/", "pod-security.kubernetes.io/", "kubernetes.io/metadata.name")
"""Labels with a prefix, likewise; those without one are a person's own."""
INJECTION = ("istio-injection",)
"""Labels without a prefix that have a controller put a container into every pod."""


def strange(value: Any, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    """Each field that is not listed, or whose value is not, with what is allowed instead (empty: nothing is)."""
    if shape is ANY or value is UNKNOWN or _is_blank(value):
        return
    if isinstance(shape, Mapping):
        for key, entry in value.items() if isinstance(value, dict) else ():
            if key in shape:
                yield from strange(entry, shape[key], f"{path}.{key}")
            elif entry is not UNKNOWN and not _is_blank(entry):
                yield f"{path}.{key}", ""
    elif isinstance(shape, list):
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            yield from strange(entry, shape[0], f"{path}[{index}]")
    elif value not in shape:
        allowed = f"{shape[0]} to {shape[-1]}" if isinstance(shape, range) else " or ".join(map(str, shape))
        yield path, allowed


def _is_blank(value: Any) -> bool:
    """Whether a value says no more than a field that is not there. The number 0 is not blank."""
    return value is None or (not value and not _is_number(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
