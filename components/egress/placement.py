"""Where a lane's pods run, as a pure function of the committed config: the policy pack judges it in preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from warmlane import labels
from warmlane.environment import CiliumGateway, Environment, External, NatGateway

TAINT_EFFECT = "NoSchedule"


@dataclass(frozen=True)
class Placement:
    """A pod's `nodeSelector` and `tolerations`, as in a manifest."""

    node_selector: dict[str, str]
    tolerations: list[dict[str, Any]]


def placement(environment: Environment, lane_id: str) -> Placement:
    """Pins a pod to what carries its lane.

    Where the node's route decides the source address (`nat_gateway`, `external`), the pod must run on the lane's nodes
    and nowhere else. Under `cilium_gateway` the pod's labels decide it, and every node serves.
    """
    match environment.egress:
        case NatGateway():
            return Placement(node_labels(lane_id), [toleration(lane_id)])
        case CiliumGateway():
            return Placement({}, [])
        case External():
            return Placement(dict(environment.lanes[lane_id].node_labels), [toleration(lane_id)])


def node_labels(lane_id: str) -> dict[str, str]:
    """Labels of the nodes that a lane owns."""
    return {labels.LANE: lane_id}


def toleration(lane_id: str) -> dict[str, Any]:
    """Tolerates the taint that keeps everybody else off a lane's nodes."""
    return {"key": labels.LANE, "operator": "Equal", "value": lane_id, "effect": TAINT_EFFECT}
