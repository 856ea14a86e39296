"""CPU, memory and ephemeral storage of a sender, and the quota and limits that follow.

Memory is requested as it is limited, so that a sender is never the pod that a full node evicts for its neighbour's
sake. Ephemeral storage holds the spool unless that has a volume; its request equals its limit, since a queue that is
cut off is lost mail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from warmlane.campaign import Campaign, Spool
from warmlane.environment import Environment
from warmlane.spool_volumes import mib

POSTFIX = "email-sender"
GATE = "gate"


@dataclass(frozen=True)
class Size:
    """What one container may use: CPU in thousandths of a core, memory and ephemeral storage in MiB."""

    cpu_request_millis: int
    cpu_limit_millis: int
    memory_mib: int
    ephemeral_storage_mib: int

    def resources(self) -> dict[str, dict[str, str]]:
        """The container's `resources`, as in a manifest."""
        shared = {"memory": f"{self.memory_mib}Mi", "ephemeral-storage": f"{self.ephemeral_storage_mib}Mi"}
        return {
            "requests": {"cpu": f"{self.cpu_request_millis}m", **shared},
            "limits": {"cpu": f"{self.cpu_limit_millis}m", **shared},
        }

    def __add__(self, other: Size) -> Size:
        return Size(
            self.cpu_request_millis + other.cpu_request_millis,
            self.cpu_limit_millis + other.cpu_limit_millis,
            self.memory_mib + other.memory_mib,
            self.ephemeral_storage_mib + other.ephemeral_storage_mib,
        )


SENDER_SIZES: dict[str, dict[str, Size]] = {
    "small": {POSTFIX: Size(40, 500, 192, 512), GATE: Size(20, 500, 192, 64)},
    "medium": {POSTFIX: Size(250, 1_000, 512, 4_096), GATE: Size(100, 1_000, 320, 128)},
    "large": {POSTFIX: Size(1_000, 2_000, 1_024, 16_384), GATE: Size(300, 2_000, 640, 256)},
}
"""By size, then container. Postfix needs about 2 MiB for each of its processes, the gate 75 MiB when it idles (seen in
the lab: Python with SQLAlchemy, a DNS cache, an index of what waits)."""

SURGE = 1
"""Pods beyond the replicas during an update; part of the quota."""

LOGS_MIB = 96
"""Size limit of the log volume, MiB: the sender keeps four files of 16 MiB, and the one being written may outgrow
that before it is looked at."""
SPOOL_SHARE = 0.75
"""Part of Postfix's ephemeral storage that the spool volume may fill; the rest is its log volume and writable layer."""
VOLUME_SHARE = 0.85
"""Part of a claimed volume that the spool may fill: ext4 keeps about a twentieth for root, and its own tables."""
WITHOUT_SPOOL_MIB = 256
"""Postfix's ephemeral storage where its spool lies on a volume: its logs and writable layer."""


def spool_storage(campaign: Campaign, environment: Environment) -> str:
    """Size of each pod's volume under `spool: persistent`."""
    return campaign.sender.spool_storage or environment.spool.storage


def spool_mib(campaign: Campaign, environment: Environment) -> int:
    """What a pod's spool may hold, MiB."""
    if campaign.spool is Spool.PERSISTENT:
        return int(mib(spool_storage(campaign, environment)) * VOLUME_SHARE)
    return int(SENDER_SIZES[campaign.sender.size][POSTFIX].ephemeral_storage_mib * SPOOL_SHARE)


def containers(size: str, spool: Spool) -> dict[str, Size]:
    """By container, what it may use."""
    sizes = SENDER_SIZES[size]
    if spool is Spool.PERSISTENT:
        return {**sizes, POSTFIX: replace(sizes[POSTFIX], ephemeral_storage_mib=WITHOUT_SPOOL_MIB)}
    return sizes


def pod_total(size: str, spool: Spool) -> Size:
    """What one pod may use: the sum over its containers."""
    sizes = containers(size, spool)
    return sizes[POSTFIX] + sizes[GATE]


def claims(campaign: Campaign, environment: Environment) -> tuple[int, int]:
    """How many volumes a campaign claims, and how many MiB together."""
    if campaign.spool is Spool.PERSISTENT:
        replicas = campaign.sender.replicas
        return replicas, replicas * mib(spool_storage(campaign, environment))
    return 1, mib(environment.spool.exported.storage)


def quota(campaign: Campaign, environment: Environment) -> dict[str, str]:
    """`ResourceQuota.spec.hard` of a campaign's namespace: its pods, their claims, and their two Services.

    A Deployment's surge is part of it, or a rolling update could never start its first new pod. A StatefulSet has none:
    a pod's successor has its name and its volume, and starts when it is gone.
    """
    persistent = campaign.spool is Spool.PERSISTENT
    pods = campaign.sender.replicas + (0 if persistent else SURGE)
    total = pod_total(campaign.sender.size, campaign.spool)
    memory, storage = f"{pods * total.memory_mib}Mi", f"{pods * total.ephemeral_storage_mib}Mi"
    number, claimed = claims(campaign, environment)
    return {
        "pods": str(pods),
        "requests.cpu": f"{pods * total.cpu_request_millis}m",
        "limits.cpu": f"{pods * total.cpu_limit_millis}m",
        "requests.memory": memory,
        "limits.memory": memory,
        "requests.ephemeral-storage": storage,
        "limits.ephemeral-storage": storage,
        "persistentvolumeclaims": str(number),
        "requests.storage": f"{claimed}Mi",
        "services": "2",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "count/daemonsets.apps": "0",
        "count/deployments.apps": str(int(not persistent)),
        "count/statefulsets.apps": str(int(persistent)),
        "count/jobs.batch": "0",
        "count/cronjobs.batch": "0",
    }


def limit_range(size: str, spool: Spool) -> dict[str, Any]:
    """`LimitRange.spec` of a campaign's namespace: the gate's figures as defaults, Postfix's as the maximum."""
    sizes = containers(size, spool)
    default, most = sizes[GATE].resources(), sizes[POSTFIX].resources()
    return {
        "limits": [
            {
                "type": "Container",
                "default": default["limits"],
                "defaultRequest": default["requests"],
                "max": most["limits"],
            }
        ]
    }
