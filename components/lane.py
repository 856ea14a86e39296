"""A lane: a long-lived sending identity."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.egress.cilium_gateway import CiliumGateway
from components.egress.external import External
from components.egress.nat_gateway import NatGateway
from warmlane import environment as model
from warmlane import labels, names

TYPE = "warmlane:lane:Lane"
HOST_TTL = 300
"""Seconds. The address behind a lane's name does not change; a short life only helps when the name was wrong."""


class Lane(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:lane:Lane`

    Address, names in both directions, and the way out. Makes:

    - `aws.ec2.Eip` `<lane>-address` (not under `external`, whose address exists)
    - `aws.route53.Record` `<lane>-host`: the A record of `<lane>.<domain>` (where there is an AWS account)
    - `aws.ec2.EipDomainName` `<lane>-reverse`: the PTR record, the same name
    - the strategy's component `<lane>`: `NatGateway`, `CiliumGateway` or `External`

    The three that carry a reputation are protected: an address that is released never comes back, and one without
    matching names (FCrDNS) is refused by mailbox providers. Nothing else is protected.
    """

    def __init__(
        self,
        lane_id: str,
        *,
        environment: model.Environment,
        environment_name: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Raises ValueError when the config lacks what its strategy needs (`warmlane.config` refuses it earlier)."""
        super().__init__(TYPE, lane_id, None, opts)
        self.config = environment.lanes[lane_id]
        self.campaign = next((id_ for id_, lease in environment.leases.items() if lease.lane == lane_id), None)
        self.host = names.lane_host(lane_id, environment.domain)
        self.eip: aws.ec2.Eip | None = None
        self.record: aws.route53.Record | None = None
        self.reverse: aws.ec2.EipDomainName | None = None
        # An address, its A record and its PTR are the lane's reputation; losing one by a destroy can't be undone.
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        if not isinstance(environment.egress, model.External):
            self.eip = aws.ec2.Eip(
                f"{lane_id}-address",
                domain="vpc",
                tags=labels.aws_tags(f"{lane_id}-address", environment_name, lane_id),
                opts=kept,
            )
        self.address: pulumi.Input[str] = self.eip.public_ip if self.eip else str(self.config.address)
        if environment.aws is not None:
            self.record = aws.route53.Record(
                f"{lane_id}-host",
                zone_id=environment.aws.zone_id,
                name=self.host,
                type="A",
                ttl=HOST_TTL,
                records=[self.address],
                opts=kept,
            )
        if self.eip is not None and self.record is not None:
            self.reverse = aws.ec2.EipDomainName(
                f"{lane_id}-reverse",
                allocation_id=self.eip.allocation_id,
                domain_name=self.host,
                # AWS accepts a reverse name only when its A record answers with the address already.
                opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[self.record])),
            )
        self.egress = self._egress(lane_id, environment, environment_name)
        self.register_outputs({"address": self.address, "host": self.host})

    def _egress(
        self, lane_id: str, environment: model.Environment, environment_name: str
    ) -> NatGateway | CiliumGateway | External:
        child = pulumi.ResourceOptions(parent=self)
        egress = environment.egress
        if isinstance(egress, model.External):
            return External(lane_id, lane=self.config, opts=child)
        if self.eip is None:
            raise ValueError(f"lane {lane_id}: {egress.strategy} needs an elastic IP")
        if isinstance(egress, model.NatGateway):
            return NatGateway(
                lane_id,
                lane=self.config,
                config=egress,
                cluster=environment.cluster,
                environment_name=environment_name,
                allocation_id=self.eip.allocation_id,
                leased=self.campaign is not None,
                opts=child,
            )
        return CiliumGateway(
            lane_id,
            lane=self.config,
            config=egress,
            environment_name=environment_name,
            allocation_id=self.eip.allocation_id,
            address=self.address,
            campaign=self.campaign,
            opts=child,
        )

    @property
    def outputs(self) -> dict[str, pulumi.Input[str]]:
        """What campaign stacks and people read of the lane."""
        found: dict[str, pulumi.Input[str]] = {"address": self.address, "host": self.host}
        if self.config.private_address is not None:
            found["private_address"] = str(self.config.private_address)
        if self.eip is not None:
            found["allocation_id"] = self.eip.allocation_id
        return found
