"""The platform's namespace and who holds which lane, for everybody to read."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.namespaces import pod_security
from warmlane import isolation, labels, names
from warmlane.environment import Environment

TYPE = "warmlane:platform:Platform"


class Platform(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:platform:Platform`

    Makes:

    - `Namespace` `platform-namespace`: `warmlane-platform`, Pod Security `restricted`
    - `NetworkPolicy` `platform-default-deny`: nothing in, nothing out, until a service of the platform says otherwise
    - `ConfigMap` `platform-lease-table`: by lane, the campaign that holds it; empty for a free lane
    """

    def __init__(
        self,
        name: str,
        *,
        environment: Environment,
        environment_name: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        marks = labels.platform("platform", "platform", environment_name)
        self.namespace = Namespace(
            f"{name}-namespace",
            metadata={"name": names.PLATFORM_NAMESPACE, "labels": marks | pod_security("restricted")},
            opts=pulumi.ResourceOptions(parent=self),
        )

        def metadata(object_name: str) -> Any:
            return {"name": object_name, "namespace": names.PLATFORM_NAMESPACE, "labels": marks}

        inside = pulumi.ResourceOptions(parent=self, depends_on=[self.namespace])
        self.default_deny = NetworkPolicy(
            f"{name}-default-deny",
            metadata=metadata(names.DEFAULT_DENY_POLICY),
            spec=isolation.default_deny_spec(),
            opts=inside,
        )
        self.lease_table = ConfigMap(
            f"{name}-lease-table",
            metadata=metadata(names.LEASE_TABLE_CONFIG_MAP),
            data=lease_table(environment),
            opts=inside,
        )
        self.register_outputs({"namespace": names.PLATFORM_NAMESPACE})


def lease_table(environment: Environment) -> dict[str, str]:
    """By lane, the campaign that holds it; an empty string for a free lane."""
    holders = {lease.lane: campaign for campaign, lease in environment.leases.items()}
    return {lane: holders.get(lane, "") for lane in sorted(environment.lanes)}
