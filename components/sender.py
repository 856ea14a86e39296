"""A campaign's sender."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service

from components.sender_pod import deployment_spec, service_spec
from warmlane import labels, names
from warmlane.campaign import Campaign
from warmlane.environment import Environment, Lease
from warmlane.sender_config import CONFIG_KEY, IDENTITY_KEY, sender_config

TYPE = "warmlane:sender:CampaignSender"


class CampaignSender(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:sender:CampaignSender`

    Postfix and its gate under the origin's names, pinned to the campaign's lane. Makes, all in `campaign-<id>`:

    - `ConfigMap` `<id>-config`: who the sender is and what the warm-up lets it send; known before anything is deployed
    - `ConfigMap` `<id>-identity`: the lane's address
    - `Secret` `<id>-submission`: with which the campaign's producers authenticate
    - `Deployment` `<id>-deployment`: `email-sender-campaign-<id>`
    - `Service` `<id>-service`: `email-sender-service-<id>`, for producers inside the cluster
    """

    def __init__(
        self,
        name: str,
        *,
        campaign: Campaign,
        environment: Environment,
        lease: Lease,
        address: pulumi.Input[str],
        password: pulumi.Input[str],
        isolation: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`address` is the lane's public address; `isolation` is everything that must stand before the first pod."""
        super().__init__(TYPE, name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, depends_on=list(isolation))

        def metadata(object_name: str) -> Any:
            marks = labels.campaign(campaign.id, lease.lane, "sender")
            return {"name": object_name, "namespace": names.namespace(campaign.id), "labels": marks}

        self.config = ConfigMap(
            f"{name}-config",
            metadata=metadata(names.SENDER_CONFIG_MAP),
            data={CONFIG_KEY: config_document(campaign, environment, lease)},
            opts=inside,
        )
        self.identity = ConfigMap(
            f"{name}-identity",
            metadata=metadata(names.SENDER_IDENTITY_CONFIG_MAP),
            data={IDENTITY_KEY: pulumi.Output.json_dumps({"address": address})},
            opts=inside,
        )
        self.submission = Secret(
            f"{name}-submission",
            metadata=metadata(names.SUBMISSION_SECRET),
            type="Opaque",
            data=submission_data(campaign.id, password),
            opts=inside,
        )
        mounted = [self.config, self.identity, self.submission]
        self.deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata(names.deployment(campaign.id)),
            spec=deployment_spec(campaign, environment, lease.lane),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*isolation, *mounted]),
        )
        self.service = Service(
            f"{name}-service",
            metadata=metadata(names.service(campaign.id)),
            spec=service_spec(campaign.id),
            opts=inside,
        )
        self.register_outputs(
            {
                "deployment": names.deployment(campaign.id),
                "service": names.service_host(campaign.id),
                "lane": lease.lane,
            }
        )


def config_document(campaign: Campaign, environment: Environment, lease: Lease) -> str:
    """The sender's config.json; the same config gives the same text."""
    lane = environment.lanes[lease.lane]
    return json.dumps(sender_config(campaign, lease.lane, lane, lease, environment), sort_keys=True)


def submission_data(campaign_id: str, password: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """`data` of the submission Secret. The password stays secret in state and in every output of the engine."""

    def encoded(value: str) -> str:
        return base64.b64encode(value.encode()).decode()

    return {
        "username": encoded(names.submission_user(campaign_id)),
        "password": pulumi.Output.secret(password).apply(encoded),
    }
