"""A sender never runs without its schedule: the rule on schedules can't judge one that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes
from policies.plain import at, items
from policies.rule import About, Resource, stack_rule
from warmlane import names

ABOUT = About(
    name="sender-configured",
    display_name="Sender configured",
    description=(
        "Every workload of a campaign mounts the ConfigMap with its schedule, and the stack declares that ConfigMap."
    ),
    remediation="Declare CampaignSender (components/sender.py), which writes and mounts the configuration.",
    severity=Severity.HIGH,
)


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    declared = {
        kubernetes.namespace(resource)
        for resource in resources
        if kubernetes.kind(resource) == "ConfigMap" and kubernetes.name(resource) == names.SENDER_CONFIG_MAP
    }
    for resource in resources:
        if not kubernetes.campaign(resource) or not kubernetes.has_pods(resource):
            continue
        what, namespace = kubernetes.title(resource), kubernetes.namespace(resource)
        volumes = items(at(kubernetes.pod_template(resource), "spec"), "volumes")
        if not any(at(volume, "configMap", "name") == names.SENDER_CONFIG_MAP for volume in volumes):
            yield (
                f"{what} does not mount the ConfigMap {names.SENDER_CONFIG_MAP}. Mount it at /etc/warmlane/config.",
                resource,
            )
        elif namespace not in declared:
            yield (
                f"{what} mounts the ConfigMap {names.SENDER_CONFIG_MAP}, which this stack does not declare in "
                f"{namespace}. Declare it from warmlane.sender_config.",
                resource,
            )


RULE = stack_rule(ABOUT, judge)
