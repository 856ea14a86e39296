"""One campaign: its isolation, and a sender that leaves by its lane."""

from __future__ import annotations

import pulumi

from campaigns import held, spools
from campaigns.deployed import deployed
from components import providers, secret_values
from components.committed import campaign_of_stack, reflector_key
from components.isolation import CampaignIsolation
from components.sender import CampaignSender
from warmlane import names
from warmlane.campaign import Campaign
from warmlane.environment import Environment, Lease


def run() -> None:
    """The program of the selected stack. Raises ConfigError and RunError before any resource is registered."""
    environment_name, environment, campaign, lease = campaign_of_stack(pulumi.get_stack())
    held.respect(environment, environment_name, campaign.id)
    spools.respect(environment, environment_name, campaign)
    password = secret_values.submission_password(environment, campaign.id)
    deploy(environment, environment_name, campaign, lease, password, reflector_key(environment))


def deploy(
    environment: Environment,
    environment_name: str,
    campaign: Campaign,
    lease: Lease,
    password: pulumi.Input[str],
    reflector_public_key: str,
) -> tuple[CampaignIsolation, CampaignSender]:
    """Registers everything of a campaign and its outputs."""
    kubernetes = providers.kubernetes_provider(environment.cluster)
    outside = deployed(environment_name, campaign.id, lease)
    # Nothing is made before the environment's stack is known to lease the lane to this campaign.
    opts = pulumi.ResourceOptions(providers=providers.named(kubernetes), depends_on=[outside.stack])
    isolation = CampaignIsolation(
        campaign.id,
        campaign=campaign,
        environment=environment,
        lane_id=lease.lane,
        opts=opts,
    )
    sender = CampaignSender(
        campaign.id,
        campaign=campaign,
        environment=environment,
        lease=lease,
        address=outside.address,
        reflector_key=reflector_public_key,
        password=password,
        store_access=outside.store_access,
        isolation=isolation.objects,
        opts=opts,
    )
    pulumi.log.warn(
        "feedback is `none`: nothing throttles or closes this sender by itself; watch its bounces and complaints",
        resource=sender,
    )
    pulumi.export("namespace", names.namespace(campaign.id))
    pulumi.export("deployment", names.deployment(campaign.id))
    pulumi.export("service", names.service(campaign.id))
    pulumi.export("lane", lease.lane)
    pulumi.export("address", outside.address)
    return isolation, sender
