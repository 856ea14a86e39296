"""The model of the volumes that senders keep mail on: what an environment says under `spool`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from warmlane.base import Model

VolumeSize = Annotated[str, Field(pattern=r"^[1-9]\d{0,3}[GT]i$")]
"""Size of a volume in GiB or TiB, as Kubernetes writes it."""
_MIB = {"Gi": 1024, "Ti": 1024 * 1024}


def mib(size: str) -> int:
    """A VolumeSize in MiB."""
    return int(size[:-2]) * _MIB[size[-2:]]


class AccessMode(StrEnum):
    """Who may have a volume at once: the pods of one node, or all."""

    ONE_NODE = "ReadWriteOnce"
    MANY_NODES = "ReadWriteMany"


class Exported(Model):
    """The volume of a campaign's own, under `spool: handover`, that pods without a sibling leave their queue on."""

    storage_class: str | None = Field(default=None, description="Its storage class; unset: the cluster's default.")
    storage: VolumeSize = Field(default="10Gi", description="Its size. A claim keeps the size that it was made with.")
    access_mode: AccessMode = Field(
        default=AccessMode.MANY_NODES,
        description="`ReadWriteMany`, which its class must know. `ReadWriteOnce` is for lanes whose pods are all on "
        "one node: a pod on a second node would wait for the volume for ever.",
    )


class SpoolVolumes(Model):
    """The volumes that senders keep mail on (`docs/spool.md`)."""

    storage_class: str | None = Field(
        default=None, description="Storage class of the volumes of `spool: persistent`; unset: the cluster's default."
    )
    storage: VolumeSize = Field(
        default="4Gi", description="Size of each, where the campaign's `sender.spool_storage` does not say another."
    )
    exported: Exported = Field(default_factory=Exported, description="The volume of campaigns with `spool: handover`.")
