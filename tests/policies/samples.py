"""Sound stacks of kinds that no shipped environment has."""

from __future__ import annotations

from collections.abc import Callable

from tests.policies.declared import Declared

Stack = dict[str, Declared]


def associated() -> Stack:
    """An elastic IP on a private address of a gateway's network interface."""
    association = Declared("aws:ec2/eipAssociation:EipAssociation", "amber-association", {}, stack="dev")
    return {"association": association}


def volumes() -> Stack:
    """A volume of a storage class, and a StatefulSet that claims one."""
    claim = {"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "ssd"}}
    csi = {"spec": {"csi": {"driver": "csi.example.test", "volumeHandle": "v"}, "storageClassName": "ssd"}}
    return {
        "volume": Declared("kubernetes:core/v1:PersistentVolume", "volume", csi),
        "class": Declared("kubernetes:storage.k8s.io/v1:StorageClass", "ssd", {"provisioner": "csi.example.test"}),
        "set": Declared("kubernetes:apps/v1:StatefulSet", "set", {"spec": {"volumeClaimTemplates": [claim]}}),
    }


SAMPLES: list[Callable[[], Stack]] = [associated, volumes]
