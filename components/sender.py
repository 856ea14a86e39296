"""A campaign's sender."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, StatefulSet
from pulumi_kubernetes.core.v1 import ConfigMap, PersistentVolumeClaim, Secret, Service

from components.secret_values import encoded
from components.sender_workload import (
    deployment_spec,
    exported_claim_spec,
    service_spec,
    siblings_spec,
    stateful_set_spec,
    timeouts,
)
from components.workload import SKIP_AWAIT
from warmlane import labels, names
from warmlane.campaign import Campaign, Spool
from warmlane.environment import Environment, Lease
from warmlane.sender_config import CONFIG_KEY, IDENTITY_KEY, sender_config

TYPE = "warmlane:sender:CampaignSender"


class CampaignSender(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:sender:CampaignSender`

    Postfix and its gate under the origin's names, pinned to the campaign's lane. Makes, all in `campaign-<id>`:

    - `ConfigMap` `<id>-config`: who the sender is and what the warm-up lets it send; known before anything is deployed
    - `ConfigMap` `<id>-identity`: the lane's address, and the reflector that proves it
    - `Secret` `<id>-submission`: with which the campaign's producers authenticate
    - `Secret` `<id>-store`: with which the sender reaches the platform's store, and the keys that hash recipients
    - `Service` `<id>-siblings`: `email-sender-siblings-<id>`, by which the sender's pods hand mail to one another
    - `Deployment` `<id>-deployment` and `PersistentVolumeClaim` `<id>-exported`, under `spool: handover`
    - `StatefulSet` `<id>-stateful-set` under `spool: persistent`; either is named `email-sender-campaign-<id>`
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
        reflector_key: str,
        password: pulumi.Input[str],
        store_access: pulumi.Input[Mapping[str, str]],
        isolation: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`address` is the lane's public address, `reflector_key` the public key of the environment's reflector,
        `store_access` the files of `sender-store`; `isolation` is everything that must stand before the first pod.
        """
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
            data={IDENTITY_KEY: identity_document(address, environment, reflector_key)},
            opts=inside,
        )
        self.submission = Secret(
            f"{name}-submission",
            metadata=metadata(names.SUBMISSION_SECRET),
            type="Opaque",
            data=submission_data(campaign.id, password),
            opts=inside,
        )
        self.store = Secret(
            f"{name}-store",
            metadata=metadata(names.SENDER_STORE_SECRET),
            type="Opaque",
            data=store_data(store_access),
            opts=inside,
        )
        self.siblings = Service(
            f"{name}-siblings",
            metadata=metadata(names.siblings(campaign.id)),
            spec=siblings_spec(campaign.id),
            opts=inside,
        )
        # A pod that goes may take all of its grace.
        patience = pulumi.CustomTimeouts(**timeouts(campaign.sender.replicas))
        before = [*isolation, self.config, self.identity, self.submission, self.store, self.siblings]
        if campaign.spool is Spool.PERSISTENT:
            self.workload: Deployment | StatefulSet = StatefulSet(
                f"{name}-stateful-set",
                metadata=metadata(names.deployment(campaign.id)),
                spec=stateful_set_spec(campaign, environment, lease.lane),
                opts=pulumi.ResourceOptions(parent=self, depends_on=before, custom_timeouts=patience),
            )
        else:
            exported = PersistentVolumeClaim(
                f"{name}-exported",
                metadata=metadata(names.EXPORTED_CLAIM) | {"annotations": SKIP_AWAIT},
                spec=exported_claim_spec(environment),
                opts=inside,
            )
            self.workload = Deployment(
                f"{name}-deployment",
                metadata=metadata(names.deployment(campaign.id)),
                spec=deployment_spec(campaign, environment, lease.lane),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*before, exported], custom_timeouts=patience),
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


def identity_document(address: pulumi.Input[str], environment: Environment, key: str) -> pulumi.Output[str]:
    """The sender's identity.json: the lane's address, and the reflector that proves it."""
    reflector = {"address": str(environment.reflector.address), "public_key": key}
    return pulumi.Output.json_dumps({"address": address, "reflector": reflector})


def submission_data(campaign_id: str, password: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """`data` of the submission Secret. The password stays secret in state and in every output of the engine."""
    return {
        "username": encoded(names.submission_user(campaign_id)),
        "password": pulumi.Output.secret(password).apply(encoded),
    }


def store_data(access: pulumi.Input[Mapping[str, str]]) -> pulumi.Output[dict[str, str]]:
    """`data` of the Secret `sender-store`; secret as a whole."""
    return pulumi.Output.secret(access).apply(lambda files: {name: encoded(text) for name, text in files.items()})
