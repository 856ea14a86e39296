"""An environment: its providers, lanes, platform and monitoring."""

from __future__ import annotations

import os
from datetime import date

import pulumi

from components import providers, secret_values
from components.admission import Admission
from components.committed import adopted_until, environment_of_stack
from components.lane import Lane
from components.monitoring import Monitoring
from components.platform import Platform
from components.store import Store
from infra import found, guard, leases, live
from warmlane.environment import Environment


def run() -> None:
    """The program of the selected stack. Raises ConfigError and RunError before any resource is registered."""
    name = pulumi.get_stack()
    environment = environment_of_stack(name)
    refuse_lost_senders(environment, name, live.workloads(environment.cluster.context))
    guard.install(environment, lambda: live.workloads(environment.cluster.context))
    found.adopt(os.environ)
    deploy(
        environment,
        name,
        secret_values.grafana_admin_password(environment),
        secret_values.store_superuser_password(environment),
        secret_values.store_key(environment),
        adopted_until(environment),
    )


def refuse_lost_senders(environment: Environment, name: str, workloads: list[live.Workload] | None) -> None:
    """Raises RunError when a living sender would lose its lane.

    `workloads` is None when the cluster did not answer. Then an update that takes a lane away is refused as well; a
    preview, which changes nothing, warns.
    """
    if workloads is not None:
        lost = live.lost_senders(environment, workloads)
        if lost:
            raise pulumi.RunError("\n".join(lost))
        return
    unproven = leases.unproven(environment, name, leases.deployed(name))
    if unproven is None:
        return
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(unproven)
    pulumi.log.warn(f"`up` will refuse this. {unproven}")


def deploy(
    environment: Environment,
    name: str,
    grafana_admin_password: pulumi.Input[str],
    store_superuser_password: pulumi.Input[str],
    store_key: pulumi.Input[str],
    adopted_until: date | None = None,
) -> dict[str, Lane]:
    """Registers everything of an environment and its outputs; returns the lanes by id."""
    kubernetes = providers.kubernetes_provider(environment.cluster)
    aws = providers.aws_provider(environment.aws) if environment.aws else None
    opts = pulumi.ResourceOptions(providers=providers.named(kubernetes, aws))
    Admission("admission", environment_name=name, opts=opts)
    platform = Platform(
        "platform", environment=environment, environment_name=name, adopted_until=adopted_until, opts=opts
    )
    store = Store(
        "store",
        environment=environment,
        environment_name=name,
        superuser_password=store_superuser_password,
        key=store_key,
        before=platform.objects,
        opts=opts,
    )
    lanes = {
        lane: Lane(lane, environment=environment, environment_name=name, opts=opts)
        for lane in sorted(environment.lanes)
    }
    Monitoring(
        "monitoring",
        environment=environment,
        environment_name=name,
        grafana_admin_password=grafana_admin_password,
        opts=opts,
    )
    pulumi.export("lanes", {lane: component.outputs for lane, component in lanes.items()})
    pulumi.export("store_access", store.access)
    pulumi.export("leases", {campaign: lease.lane for campaign, lease in environment.leases.items()})
    return lanes
