"""Committed leases against those of the last `up`, for when the cluster can't say who sends."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from warmlane import config
from warmlane.environment import Environment


def deployed(name: str) -> dict[str, str]:
    """By campaign, the lane that the environment's last `up` leased to it; empty before the first one.

    The stack's own outputs. The engine's built-in function leaves no resource in the state, as a StackReference would.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{name}"
    outputs = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": stack}).value["outputs"]
    return dict(outputs.get("leases") or {})


def taken(environment: Environment, before: Mapping[str, str]) -> list[str]:
    """The deployed leases that are not committed any more, such as `amber of spring-sale`.

    Only these can take a lane from a living sender: no campaign is deployed on a lane that was never leased to it.
    """
    now = {campaign: lease.lane for campaign, lease in environment.leases.items()}
    return sorted(f"{lane} of {campaign}" for campaign, lane in before.items() if now.get(campaign) != lane)


def unproven(environment: Environment, name: str, before: Mapping[str, str]) -> str | None:
    """Why the committed leases must not be deployed while the cluster is silent; None when they take no lane away."""
    lost = taken(environment, before)
    if not lost:
        return None
    context = environment.cluster.context
    return (
        f"The cluster of context {context} did not answer, so nobody knows whether a sender still lives on a lane that "
        f"{config.environment_file(name)} takes away (leases: {', '.join(lost)}). Make `kubectl --context {context} "
        "get nodes` answer in this shell, or commit the deployed leases again; then run it again."
    )
