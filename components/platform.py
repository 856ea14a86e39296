"""The platform's namespace, who reaches its store, who holds which lane and what lies behind each."""

from __future__ import annotations

from datetime import date
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.namespaces import pod_security
from warmlane import isolation, labels, names
from warmlane.environment import Environment
from warmlane.lane_history import HISTORY_KEY, lane_history

TYPE = "warmlane:platform:Platform"


class Platform(pulumi.ComponentResource):
    """**Pulumi type:** `warmlane:platform:Platform`

    Makes:

    - `Namespace` `platform-namespace`: `warmlane-platform`, Pod Security `restricted`
    - `NetworkPolicy` `platform-default-deny`: nothing in, nothing out, until a service of the platform says otherwise
    - `NetworkPolicy` `platform-store-from-senders`: every campaign's sender may reach the store
    - `ConfigMap` `platform-lease-table`: by lane, the campaign that holds it; empty for a free lane
    - `ConfigMap` `platform-lane-history`: by lane, what lies behind it where the store has no counters yet
    """

    def __init__(
        self,
        name: str,
        *,
        environment: Environment,
        environment_name: str,
        adopted_until: date | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`adopted_until` is the last day on which adopted addresses sent; None leaves it to what is committed."""
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
        self.store_from_senders = NetworkPolicy(
            f"{name}-store-from-senders",
            metadata=metadata("store-from-senders"),
            spec=isolation.store_from_senders_spec(),
            opts=inside,
        )
        self.lease_table = ConfigMap(
            f"{name}-lease-table",
            metadata=metadata(names.LEASE_TABLE_CONFIG_MAP),
            data=lease_table(environment),
            opts=inside,
        )
        self.lane_history = ConfigMap(
            f"{name}-lane-history",
            metadata=metadata(names.LANE_HISTORY_CONFIG_MAP),
            data={HISTORY_KEY: lane_history(environment, adopted_until).model_dump_json(exclude_none=True)},
            opts=inside,
        )
        self.register_outputs({"namespace": names.PLATFORM_NAMESPACE})

    @property
    def objects(self) -> list[pulumi.Resource]:
        """Everything that must stand before a pod of the platform does."""
        return [self.namespace, self.default_deny, self.store_from_senders, self.lease_table, self.lane_history]


def lease_table(environment: Environment) -> dict[str, str]:
    """By lane, the campaign that holds it; an empty string for a free lane."""
    holders = {lease.lane: campaign for campaign, lease in environment.leases.items()}
    return {lane: holders.get(lane, "") for lane in sorted(environment.lanes)}
