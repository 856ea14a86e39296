"""Egress by routing that exists already."""

from __future__ import annotations

import pulumi

from warmlane.environment import Lane

TYPE = "warmlane:egress:External"


class External(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:egress:External`

    Makes nothing: the lane's nodes leave with the lane's address by somebody else's doing. Pods are pinned to them by
    label.
    """

    def __init__(self, lane_id: str, *, lane: Lane, opts: pulumi.ResourceOptions | None = None) -> None:
        """Raises ValueError when the lane names no address or no nodes."""
        super().__init__(TYPE, lane_id, None, opts)
        if lane.address is None or not lane.node_labels:
            raise ValueError(f"lane {lane_id}: external needs the lane's address and its nodes' labels")
        self.register_outputs({"address": str(lane.address)})
