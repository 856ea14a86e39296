"""One campaign's objects in a row: what the components cost is measured against this.

Same config, same reads, same pure functions, same dependencies; no component, no stack comparison.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    LimitRange,
    Namespace,
    PersistentVolumeClaim,
    ResourceQuota,
    Secret,
    Service,
    ServiceAccount,
)
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components import providers, secret_values
from components.committed import campaign_of_stack, reflector_key
from components.isolation import LIMITS, QUOTA
from components.namespaces import pod_security
from components.sender import config_document, identity_document, store_data, submission_data
from components.sender_pod import selector
from components.sender_workload import deployment_spec, exported_claim_spec, service_spec, siblings_spec
from components.workload import SKIP_AWAIT
from warmlane import isolation, labels, names, sizing
from warmlane.sender_config import CONFIG_KEY, IDENTITY_KEY

environment_name, environment, campaign, lease = campaign_of_stack(pulumi.get_stack())
password = secret_values.submission_password(environment, campaign.id)
provider = providers.kubernetes_provider(environment.cluster)
deployed = pulumi.StackReference(
    "environment", stack_name=f"{pulumi.get_organization()}/{names.ENVIRONMENT_PROJECT}/{environment_name}"
)
address = deployed.get_output("lanes").apply(lambda lanes: lanes[lease.lane]["address"])
around = isolation.surroundings(environment)


def metadata(name: str, component: str) -> dict[str, Any]:
    """Name, namespace and labels of an object of the campaign."""
    marks = labels.campaign(campaign.id, lease.lane, component)
    return {"name": name, "namespace": names.namespace(campaign.id), "labels": marks}


namespace = Namespace(
    "namespace",
    metadata={
        "name": names.namespace(campaign.id),
        "labels": labels.campaign(campaign.id, lease.lane, "isolation") | pod_security("baseline"),
    },
    opts=pulumi.ResourceOptions(provider=provider),
)
inside = pulumi.ResourceOptions(provider=provider, depends_on=[namespace])
policies = {
    **isolation.campaign_policies(campaign, around),
    names.SMTP_EGRESS_POLICY: isolation.smtp_egress_spec(around),
}
first: list[pulumi.Resource] = [
    namespace,
    *(
        NetworkPolicy(name, metadata=metadata(name, "isolation"), spec=spec, opts=inside)
        for name, spec in policies.items()
    ),
    ResourceQuota(
        "quota",
        metadata=metadata(QUOTA, "isolation"),
        spec={"hard": sizing.quota(campaign, environment)},
        opts=inside,
    ),
    LimitRange(
        "limits",
        metadata=metadata(LIMITS, "isolation"),
        spec=sizing.limit_range(campaign.sender.size, campaign.spool),
        opts=inside,
    ),
    PodDisruptionBudget(
        "disruption-budget",
        metadata=metadata(names.deployment(campaign.id), "isolation"),
        spec={"maxUnavailable": 1, "selector": {"matchLabels": selector(campaign.id)}},
        opts=inside,
    ),
    ServiceAccount(
        "service-account",
        metadata=metadata(names.SENDER_SERVICE_ACCOUNT, "isolation"),
        automount_service_account_token=False,
        opts=inside,
    ),
]
after = pulumi.ResourceOptions(provider=provider, depends_on=first)
mounted: list[pulumi.Resource] = [
    ConfigMap(
        "config",
        metadata=metadata(names.SENDER_CONFIG_MAP, "sender"),
        data={CONFIG_KEY: config_document(campaign, environment, lease)},
        opts=after,
    ),
    ConfigMap(
        "identity",
        metadata=metadata(names.SENDER_IDENTITY_CONFIG_MAP, "sender"),
        data={IDENTITY_KEY: identity_document(address, environment, reflector_key(environment))},
        opts=after,
    ),
    Secret(
        "store",
        metadata=metadata(names.SENDER_STORE_SECRET, "sender"),
        type="Opaque",
        data=store_data(deployed.get_output("store_access").apply(lambda access: access[campaign.id])),
        opts=after,
    ),
    Secret(
        "submission",
        metadata=metadata(names.SUBMISSION_SECRET, "sender"),
        type="Opaque",
        data=submission_data(campaign.id, password),
        opts=after,
    ),
    Service(
        "siblings",
        metadata=metadata(names.siblings(campaign.id), "sender"),
        spec=siblings_spec(campaign.id),
        opts=after,
    ),
    PersistentVolumeClaim(
        "exported",
        metadata=metadata(names.EXPORTED_CLAIM, "sender") | {"annotations": SKIP_AWAIT},
        spec=exported_claim_spec(environment),
        opts=after,
    ),
]
Deployment(
    "deployment",
    metadata=metadata(names.deployment(campaign.id), "sender"),
    spec=deployment_spec(campaign, environment, lease.lane),
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[*first, *mounted]),
)
Service("service", metadata=metadata(names.service(campaign.id), "sender"), spec=service_spec(campaign.id), opts=after)
