"""Volumes of the lab: a StorageClass without provisioner and static local PersistentVolumes on the node's disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from lab import settings

STORAGE_CLASS = "local"
DIRECTORY = settings.STATE / "volumes"
COUNT = 24
"""Enough for the platform, and for some campaigns with a volume each or one for each pod."""
SIZE = "10Gi"
"""What a volume says it holds: a claim binds to it when it asks for no more. Nothing enforces it."""


def path(index: int) -> Path:
    return DIRECTORY / f"volume-{index}"


def volume(index: int) -> dict[str, object]:
    """The manifest of one PersistentVolume."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"lab-volume-{index}", "labels": {"app.kubernetes.io/part-of": "warmlane-lab"}},
        "spec": {
            "capacity": {"storage": SIZE},
            "accessModes": ["ReadWriteOnce"],
            "volumeMode": "Filesystem",
            "storageClassName": STORAGE_CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": str(path(index))},
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {
                            "matchExpressions": [
                                {"key": "kubernetes.io/hostname", "operator": "In", "values": [settings.NODE_NAME]}
                            ]
                        }
                    ]
                }
            },
        },
    }


def manifests() -> list[dict[str, object]]:
    """The StorageClass and every volume."""
    storage_class: dict[str, object] = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE_CLASS},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    return [storage_class, *(volume(index) for index in range(COUNT))]


def prepare() -> None:
    """Makes the volumes' directories, open to any user as a fresh disk of a cloud's provisioner is by its fsGroup."""
    for index in range(COUNT):
        path(index).mkdir(parents=True, exist_ok=True)
        path(index).chmod(0o777)


def released(volumes: list[dict[str, Any]]) -> list[int]:
    """Indexes of the lab's volumes whose claim was deleted, of a list of PersistentVolumes."""
    names = {f"lab-volume-{index}": index for index in range(COUNT)}
    return [
        names[one["metadata"]["name"]]
        for one in volumes
        if one["metadata"]["name"] in names and one.get("status", {}).get("phase") == "Released"
    ]


def empty(index: int) -> None:
    """Deletes what a former claim left in a volume."""
    for entry in path(index).iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
