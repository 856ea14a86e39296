"""CPU, memory and ephemeral storage of a sender, and the quota and limits that follow.

Memory is requested as it is limited, so that a sender is never the pod that a full node evicts for its neighbour's
sake. Ephemeral storage holds the spool; its request equals its limit, since a queue that is cut off is lost mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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


def spool_mib(size: str) -> int:
    """Size limit of the spool volume, MiB."""
    return int(SENDER_SIZES[size][POSTFIX].ephemeral_storage_mib * SPOOL_SHARE)


def pod_total(size: str) -> Size:
    """What one pod may use: the sum over its containers."""
    return SENDER_SIZES[size][POSTFIX] + SENDER_SIZES[size][GATE]


def quota(size: str, replicas: int, surge: int) -> dict[str, str]:
    """`ResourceQuota.spec.hard` of a campaign's namespace: (replicas + surge) pods and their one Service.

    The surge is part of it, or a rolling update could never start its first new pod.
    """
    pods, total = replicas + surge, pod_total(size)
    memory, storage = f"{pods * total.memory_mib}Mi", f"{pods * total.ephemeral_storage_mib}Mi"
    return {
        "pods": str(pods),
        "requests.cpu": f"{pods * total.cpu_request_millis}m",
        "limits.cpu": f"{pods * total.cpu_limit_millis}m",
        "requests.memory": memory,
        "limits.memory": memory,
        "requests.ephemeral-storage": storage,
        "limits.ephemeral-storage": storage,
        "persistentvolumeclaims": "0",
        "services": "1",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "count/daemonsets.apps": "0",
        "count/statefulsets.apps": "0",
        "count/jobs.batch": "0",
        "count/cronjobs.batch": "0",
    }


def limit_range(size: str) -> dict[str, Any]:
    """`LimitRange.spec` of a campaign's namespace: the gate's figures as defaults, Postfix's as the maximum."""
    default, most = SENDER_SIZES[size][GATE].resources(), SENDER_SIZES[size][POSTFIX].resources()
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
