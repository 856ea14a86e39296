"""A campaign's isolation: its namespace and everything that keeps it to itself."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, Namespace, ResourceQuota, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components.namespaces import pod_security
from components.sender_pod import selector
from warmlane import isolation, labels, names, sizing
from warmlane.campaign import Campaign
from warmlane.environment import Environment

TYPE = "warmlane:isolation:CampaignIsolation"
QUOTA = "campaign-quota"
LIMITS = "campaign-limits"


class CampaignIsolation(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:isolation:CampaignIsolation`

    Makes, all in `campaign-<id>`:

    - `Namespace` `<id>-namespace`, Pod Security `baseline`
    - `NetworkPolicy` `<id>-<policy>` for each policy of `warmlane.isolation.campaign_policies`: nothing in and nothing
      out but DNS, submission by the campaign's producers and the scrape by Prometheus
    - `NetworkPolicy` `<id>-smtp-egress`: the one way out, TCP 25 to public addresses
    - `ResourceQuota` `<id>-quota` of the sender's pods, claims and Services, `LimitRange` `<id>-limits`
    - `PodDisruptionBudget` `<id>-disruption-budget`, `ServiceAccount` `<id>-service-account` without a token

    `objects` are all of them: the workload depends on each, so that they stand before its first pod and go after its
    last.
    """

    def __init__(
        self,
        name: str,
        *,
        campaign: Campaign,
        environment: Environment,
        lane_id: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        marks = labels.campaign(campaign.id, lane_id, "isolation")
        around = isolation.surroundings(environment)
        self.namespace = Namespace(
            f"{name}-namespace",
            metadata={"name": names.namespace(campaign.id), "labels": marks | pod_security("baseline")},
            opts=pulumi.ResourceOptions(parent=self),
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[self.namespace])

        def metadata(object_name: str) -> Any:
            # The namespace by its name, not by the Namespace's output: what is unknown in preview can't be judged
            # there.
            return {"name": object_name, "namespace": names.namespace(campaign.id), "labels": marks}

        def policy(policy_name: str, spec: isolation.Spec, policy_opts: pulumi.ResourceOptions) -> NetworkPolicy:
            return NetworkPolicy(f"{name}-{policy_name}", metadata=metadata(policy_name), spec=spec, opts=policy_opts)

        self.policies = [policy(*item, inside) for item in isolation.campaign_policies(campaign, around).items()]
        self.smtp_egress = policy(
            names.SMTP_EGRESS_POLICY,
            isolation.smtp_egress_spec(around),
            # Who owns this policy may change from Pulumi to the guardian; dropping it from state must never close mail.
            pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(retain_on_delete=True)),
        )
        self.quota = ResourceQuota(
            f"{name}-quota",
            metadata=metadata(QUOTA),
            spec={"hard": sizing.quota(campaign, environment)},
            opts=inside,
        )
        self.limits = LimitRange(
            f"{name}-limits",
            metadata=metadata(LIMITS),
            spec=sizing.limit_range(campaign.sender.size, campaign.spool),
            opts=inside,
        )
        self.budget = PodDisruptionBudget(
            f"{name}-disruption-budget",
            metadata=metadata(names.deployment(campaign.id)),
            spec={"maxUnavailable": 1, "selector": {"matchLabels": selector(campaign.id)}},
            opts=inside,
        )
        self.service_account = ServiceAccount(
            f"{name}-service-account",
            metadata=metadata(names.SENDER_SERVICE_ACCOUNT),
            automount_service_account_token=False,
            opts=inside,
        )
        self.register_outputs({"namespace": names.namespace(campaign.id)})

    @property
    def objects(self) -> list[pulumi.Resource]:
        """Everything that must stand before a pod of the campaign does."""
        rest: list[pulumi.Resource] = [self.quota, self.limits, self.budget, self.service_account]
        return [self.namespace, *self.policies, self.smtp_egress, *rest]
