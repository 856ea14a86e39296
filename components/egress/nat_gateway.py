"""Egress by a NAT gateway of the lane's own."""

from __future__ import annotations

import hashlib

import pulumi
import pulumi_aws as aws

from components.egress.placement import node_labels
from warmlane import labels
from warmlane.environment import Cluster, Lane
from warmlane.environment import NatGateway as NatGatewayConfig

TYPE = "warmlane:egress:NatGateway"
NODES = 2
"""Nodes of a lane that is leased: one can fail, or be replaced, while the other sends."""


def node_group_name(lane_id: str, environment_name: str, lane: Lane, config: NatGatewayConfig, cluster: Cluster) -> str:
    """A node group's name in EKS, such as `cobalt-nodes-1f0c9a2b`, at most 39 characters.

    Known before it is made, so that one which an interrupted run left can be adopted: a random name never matches. Its
    end changes with everything that makes a new group necessary, so that the new one may stand before the old one goes.
    """
    causes = (environment_name, lane.zone, lane.subnet, config.vpc_id, config.instance_type, cluster.node_role_arn)
    return f"{lane_id}-nodes-{hashlib.sha256(repr([str(cause) for cause in causes]).encode()).hexdigest()[:8]}"


class NatGateway(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:egress:NatGateway`

    A node's subnet decides its route, and the route its NAT: pods that run on the lane's nodes leave with the lane's
    address from their first packet on. Makes, all in one availability zone and tagged with the lane:

    - `aws.ec2.Subnet` `<lane>-subnet`, private, IPv4 only (an IPv6 route would lead around the NAT)
    - `aws.ec2.NatGateway` `<lane>-nat` in the zone's public subnet, with the lane's elastic IP
    - `aws.ec2.RouteTable` `<lane>-routes`, `aws.ec2.Route` `<lane>-default-route` to that NAT gateway, and
      `aws.ec2.RouteTableAssociation` `<lane>-subnet-routes`
    - `aws.eks.NodeGroup` `<lane>-nodes` in that subnet, labelled and tainted with the lane; no nodes while nobody
      leases it

    The elastic IP is never associated by an EipAssociation: the NAT gateway holds it, and AWS refuses both.
    """

    def __init__(
        self,
        lane_id: str,
        *,
        lane: Lane,
        config: NatGatewayConfig,
        cluster: Cluster,
        environment_name: str,
        allocation_id: pulumi.Input[str],
        leased: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Raises ValueError without the lane's zone and subnet and the cluster's EKS name and node role."""
        super().__init__(TYPE, lane_id, None, opts)
        if (
            lane.zone is None
            or lane.subnet is None
            or cluster.eks_cluster_name is None
            or cluster.node_role_arn is None
        ):
            raise ValueError(
                f"lane {lane_id}: nat_gateway needs its zone and subnet, and an EKS cluster with a node role"
            )
        child = pulumi.ResourceOptions(parent=self)

        def tags(logical_name: str) -> dict[str, str]:
            return labels.aws_tags(logical_name, environment_name, lane_id)

        self.subnet = aws.ec2.Subnet(
            f"{lane_id}-subnet",
            vpc_id=config.vpc_id,
            cidr_block=str(lane.subnet),
            availability_zone=lane.zone,
            map_public_ip_on_launch=False,
            tags=tags(f"{lane_id}-subnet"),
            opts=child,
        )
        self.nat = aws.ec2.NatGateway(
            f"{lane_id}-nat",
            allocation_id=allocation_id,
            subnet_id=config.public_subnet_ids[lane.zone],
            connectivity_type="public",
            tags=tags(f"{lane_id}-nat"),
            # An elastic IP belongs to one NAT gateway at a time, so a second one beside the first is refused with
            # "already associated" (pulumi-aws#1483). The lane sends nothing in between: its only route points here.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.route_table = aws.ec2.RouteTable(
            f"{lane_id}-routes", vpc_id=config.vpc_id, tags=tags(f"{lane_id}-routes"), opts=child
        )
        self.default_route = aws.ec2.Route(
            f"{lane_id}-default-route",
            route_table_id=self.route_table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=self.nat.id,
            opts=child,
        )
        self.association = aws.ec2.RouteTableAssociation(
            f"{lane_id}-subnet-routes", subnet_id=self.subnet.id, route_table_id=self.route_table.id, opts=child
        )
        self.nodes = aws.eks.NodeGroup(
            f"{lane_id}-nodes",
            cluster_name=cluster.eks_cluster_name,
            node_group_name=node_group_name(lane_id, environment_name, lane, config, cluster),
            node_role_arn=cluster.node_role_arn,
            subnet_ids=[self.subnet.id],
            instance_types=[config.instance_type],
            labels=node_labels(lane_id),
            taints=[aws.eks.NodeGroupTaintArgs(key=labels.LANE, value=lane_id, effect="NO_SCHEDULE")],
            scaling_config=aws.eks.NodeGroupScalingConfigArgs(
                desired_size=NODES if leased else 0, min_size=NODES if leased else 0, max_size=NODES + 1
            ),
            update_config=aws.eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            tags=tags(f"{lane_id}-nodes"),
            # A node reaches the cluster's endpoint, and joins, by this route alone.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.default_route, self.association]),
        )
        self.register_outputs({"subnet_id": self.subnet.id, "nat_gateway_id": self.nat.id})
