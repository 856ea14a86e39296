"""What the platform's own pods have in common: one pod each, under Pod Security `restricted`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

NOBODY = 65534
"""User of Prometheus and Alertmanager; their images hold no user of their own."""

CONTAINER_SECURITY: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}


def pod_security(user: int) -> dict[str, Any]:
    """A pod's security context under Pod Security `restricted`, with a volume that the user can write."""
    return {
        "runAsUser": user,
        "runAsGroup": user,
        "runAsNonRoot": True,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def resources(cpu: str, memory: str, storage: str = "64Mi") -> dict[str, Any]:
    """Requests and limits alike, but for CPU, of which a pod may use more while nobody else wants it."""
    fixed = {"memory": memory, "ephemeral-storage": storage}
    return {"requests": {"cpu": cpu, **fixed}, "limits": fixed}


def http_probe(path: str, port: str, **timing: int) -> dict[str, Any]:
    """A probe by HTTP GET."""
    return {"httpGet": {"path": path, "port": port}, **timing}


def config_annotation(files: Mapping[str, str]) -> dict[str, str]:
    """An annotation that changes with the files, so that changed configuration starts a new pod. Never for secrets."""
    digest = hashlib.sha256("\0".join(f"{name}\0{files[name]}" for name in sorted(files)).encode())
    return {"warmlane.dev/config-checksum": digest.hexdigest()[:16]}


def config_volume(name: str, config_map: str) -> dict[str, Any]:
    """A volume with a ConfigMap's files."""
    return {"name": name, "configMap": {"name": config_map}}


def claim_spec(storage: str, storage_class: str | None, access_mode: str = "ReadWriteOnce") -> dict[str, Any]:
    """A claim for a volume; without a class it is of the cluster's default one."""
    spec: dict[str, Any] = {"accessModes": [access_mode], "resources": {"requests": {"storage": storage}}}
    return {**spec, "storageClassName": storage_class} if storage_class else spec


SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""A class that binds at the first consumer leaves a claim Pending until the pod exists: a wait for it never ends."""


def deployment_spec(
    labels: Mapping[str, str], annotations: Mapping[str, str], pod: Mapping[str, Any]
) -> dict[str, Any]:
    """A Deployment of one pod."""
    selector = {key: labels[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/component")}
    return {
        "replicas": 1,
        # One writer on one volume: the old pod must be gone before the new one opens it.
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": selector},
        "template": {
            "metadata": {"labels": dict(labels), "annotations": dict(annotations)},
            "spec": {"enableServiceLinks": False, **pod},
        },
    }


def service_spec(labels: Mapping[str, str], port: int, port_name: str = "http") -> dict[str, Any]:
    """A ClusterIP Service with one port, which the pod calls by the same name."""
    selector = {key: labels[key] for key in ("app.kubernetes.io/name", "app.kubernetes.io/component")}
    return {
        "selector": selector,
        "ports": [{"name": port_name, "port": port, "targetPort": port_name, "protocol": "TCP"}],
    }
