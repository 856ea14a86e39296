"""Senders that live in the cluster, against the leases that are committed.

A lane that is given away while its old sender lives would send two campaigns' mail from one address; one that is taken
away would leave its sender without a way out.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from warmlane import labels
from warmlane.environment import Environment

SECONDS = 5
"""How long the cluster may take to answer."""
COLLECTIONS = {
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "Pod": "/api/v1/pods",
}
"""Pods too: those of a deleted workload deliver until their grace period ends."""


@dataclass(frozen=True, order=True)
class Workload:
    """A Kubernetes object that sends from a lane."""

    lane: str
    campaign: str
    kind: str
    namespace: str
    name: str


def workloads(context: str) -> list[Workload] | None:
    """What sends in the cluster, asked through the person's kubeconfig by kubectl; None when it does not answer."""
    found = list[Workload]()
    for kind, path in COLLECTIONS.items():
        # --raw asks once; `kubectl get` would first discover every API group and try five times.
        query = f"{path}?labelSelector={labels.LANE}"
        command = ["kubectl", "--context", context, f"--request-timeout={SECONDS}s", "get", "--raw", query]
        try:
            answer = subprocess.run(command, capture_output=True, check=True, timeout=2 * SECONDS).stdout
            found.extend(_parsed(kind, json.loads(answer)))
        except (OSError, subprocess.SubprocessError, ValueError, LookupError, AttributeError):
            return None
    return found


def _parsed(kind: str, answer: dict[str, Any]) -> Iterable[Workload]:
    for item in answer.get("items", []):
        metadata = item["metadata"]
        marks = metadata["labels"]
        if labels.CAMPAIGN in marks:
            yield Workload(marks[labels.LANE], marks[labels.CAMPAIGN], kind, metadata["namespace"], metadata["name"])


def lost_senders(environment: Environment, found: Iterable[Workload]) -> list[str]:
    """One sentence for each campaign that still sends from a lane which the committed config no longer leases to it."""
    holders = {lease.lane: campaign for campaign, lease in environment.leases.items()}
    lost = dict[tuple[str, str], Workload]()
    for workload in sorted(found):
        if holders.get(workload.lane) != workload.campaign:
            lost.setdefault((workload.lane, workload.campaign), workload)
    return [_sentence(workload, holders.get(workload.lane)) for workload in lost.values()]


def _sentence(workload: Workload, holder: str | None) -> str:
    now = f"is leased to {holder}" if holder else "has no lease"
    return (
        f"Lane {workload.lane} {now}, but {workload.campaign} still sends from it ({workload.kind} "
        f"{workload.namespace}/{workload.name}). Give the lane back to {workload.campaign} with `state: ending`, "
        "destroy that campaign's stack, and then change the lease."
    )
