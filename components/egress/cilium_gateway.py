"""Egress by a CiliumEgressGatewayPolicy on gateway nodes."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
from pulumi_kubernetes.apiextensions import CustomResource

from warmlane import labels, names
from warmlane.environment import CiliumGateway as CiliumGatewayConfig
from warmlane.environment import Lane

TYPE = "warmlane:egress:CiliumGateway"
POD_NAMESPACE = "io.kubernetes.pod.namespace"
"""Label that Cilium itself puts on every pod: another campaign's pod can't take it on."""


class CiliumGateway(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:egress:CiliumGateway`

    Pods of the campaign that holds the lane leave from the gateway node with the lane's address. Makes:

    - `aws.ec2.EipAssociation` `<lane>-association`, where the gateway has an ENI of ours: the elastic IP on the lane's
      private address
    - `kubernetes:cilium.io/v2:CiliumEgressGatewayPolicy` `<lane>-policy`, named `lane-<lane>`, while the lane is leased

    Traffic that a policy selects and no gateway node can serve is dropped by Cilium. A new pod's first connection may
    leave before the policy holds, so what lies beyond the nodes admits port 25 from lane addresses only.
    """

    def __init__(
        self,
        lane_id: str,
        *,
        lane: Lane,
        config: CiliumGatewayConfig,
        environment_name: str,
        allocation_id: pulumi.Input[str],
        address: pulumi.Input[str],
        campaign: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Raises ValueError where there is an ENI and the lane has no private address on it."""
        super().__init__(TYPE, lane_id, None, opts)
        self.association: aws.ec2.EipAssociation | None = None
        egress_ip = address
        if config.network_interface_id is not None:
            if lane.private_address is None:
                raise ValueError(f"lane {lane_id}: a gateway with an ENI needs the lane's private address on it")
            egress_ip = str(lane.private_address)
            self.association = aws.ec2.EipAssociation(
                f"{lane_id}-association",
                allocation_id=allocation_id,
                network_interface_id=config.network_interface_id,
                private_ip_address=egress_ip,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.policy: CustomResource | None = None
        if campaign is not None:
            selector = {POD_NAMESPACE: names.namespace(campaign), labels.LANE: lane_id}
            self.policy = CustomResource(
                f"{lane_id}-policy",
                api_version="cilium.io/v2",
                kind="CiliumEgressGatewayPolicy",
                metadata={"name": f"lane-{lane_id}", "labels": labels.lane(lane_id, environment_name)},
                spec={
                    "selectors": [{"podSelector": {"matchLabels": selector}}],
                    "destinationCIDRs": ["0.0.0.0/0"],
                    "egressGateway": {"nodeSelector": {"matchLabels": dict(config.node_labels)}, "egressIP": egress_ip},
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.association] if self.association else None),
            )
        self.register_outputs({"egress_ip": egress_ip})
