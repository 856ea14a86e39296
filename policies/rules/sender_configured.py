"""A sender never runs without its schedule, nor in more pods than are committed: what sends beside it is not judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from pulumi_policy import Severity

from policies import committed, kubernetes, scopes
from policies.inputs import plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, stack_rule
from warmlane import names
from warmlane.sender_config import CONFIG_DIRECTORY

WORKLOADS = ("Deployment", "StatefulSet")
AUTOSCALERS = ("HorizontalPodAutoscaler", "VerticalPodAutoscaler")

ABOUT = About(
    name="sender-configured",
    display_name="Sender configured",
    description=(
        "Every container of a campaign's workload mounts the ConfigMap with its schedule, whole and where it is read, "
        "and the stack declares that ConfigMap. Nothing but its Deployment or StatefulSet makes pods, as many as are "
        "committed."
    ),
    why=(
        "A sender that starts without its configuration has no limits, and the schedule that is judged is not its own; "
        "a pod beside the sender's own sends beside the schedule."
    ),
    remediation="Declare CampaignSender (components/sender.py), which writes and mounts the configuration.",
    severity=Severity.HIGH,
    inputs=(
        *plan(scopes.CAMPAIGN_POD_TEMPLATES, ("spec", "volumes"), *scopes.in_containers("volumeMounts")),
        *plan(scopes.of_campaigns("ConfigMap"), ("metadata", "name")),
        *plan(scopes.of_campaigns(*WORKLOADS), ("spec", "replicas")),
    ),
)


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    declared = {
        kubernetes.namespace(resource)
        for resource in resources
        if kubernetes.kind(resource) == "ConfigMap" and kubernetes.name(resource) == names.SENDER_CONFIG_MAP
    }
    for resource in resources:
        if kubernetes.campaign(resource):
            for message in _beside(resource):
                yield message, resource
        if kubernetes.campaign(resource) and kubernetes.has_pods(resource):
            for message in _workload(resource, declared):
                yield message, resource


def _beside(resource: Resource) -> Iterator[str]:
    """What makes pods beside the sender, or another number of them than is committed."""
    what, kind = kubernetes.title(resource), kubernetes.kind(resource)
    if kubernetes.has_pods(resource) and kind not in WORKLOADS:
        yield f"{what} makes pods beside the sender. Remove it: a campaign has one {' or '.join(WORKLOADS)}."
    if kind in AUTOSCALERS:
        yield f"{what} changes how many pods send. Remove it, and set sender.replicas in the campaign's config."
    campaign = committed.campaign(kubernetes.campaign(resource), resource.stack)
    if kind not in WORKLOADS or campaign is None:
        return
    replicas = at(resource.props, "spec", "replicas")
    found, right = 1 if replicas is None else replicas, campaign.sender.replicas
    if found is not UNKNOWN and found != right:
        yield f"{what} has {found} replicas, but the committed config says {right}. Set spec.replicas to {right}."


def _workload(resource: Resource, declared: set[str]) -> Iterator[str]:
    what, namespace = kubernetes.title(resource), kubernetes.namespace(resource)
    spec = at(kubernetes.pod_template(resource), "spec")
    if at(spec, "volumes") is UNKNOWN:
        return
    volumes = [
        volume for volume in items(spec, "volumes") if at(volume, "configMap", "name") == names.SENDER_CONFIG_MAP
    ]
    own = {str(at(volume, "name")) for volume in volumes}
    lacking = sorted(_name(one) for one in items(spec, "containers") if own.isdisjoint(_mounted_there([one])))
    others = sorted(_mounted_there(kubernetes.containers(spec)) - own)
    if lacking:
        yield (
            f"{what} does not mount the ConfigMap {names.SENDER_CONFIG_MAP} in its container {', '.join(lacking)}. "
            f"Mount it at {CONFIG_DIRECTORY}: every part of a sender reads what it may send."
        )
    if others:
        yield (
            f"{what} mounts {', '.join(others)} over or into {CONFIG_DIRECTORY}, where its sender reads what it may "
            f"send. Mount the ConfigMap {names.SENDER_CONFIG_MAP} alone there."
        )
    if not lacking and not others and namespace not in declared:
        yield (
            f"{what} mounts the ConfigMap {names.SENDER_CONFIG_MAP}, which this stack does not declare in {namespace}. "
            "Declare it from warmlane.sender_config."
        )
    if any(at(volume, "configMap", "items") for volume in volumes):
        yield (
            f"{what} picks keys of the ConfigMap {names.SENDER_CONFIG_MAP}, so its sender may read another document "
            "than the one that is judged. Remove items from the volume."
        )
    if any(at(volume, "configMap", "optional") not in (None, False) for volume in volumes):
        yield (
            f"{what} starts without the ConfigMap {names.SENDER_CONFIG_MAP} where it is missing. Remove optional from "
            "the volume."
        )


def _name(container: Any) -> str:
    return str(at(container, "name"))


def _mounted_there(containers: Iterable[Any]) -> set[str]:
    """Names of the volumes that containers mount where the configuration is, above or below it.

    A mount by subPath does not follow a change, so it counts as somebody else's.
    """
    return {
        str(at(mount, "name")) + ("" if whole else f" ({mount.get('subPath') or mount.get('subPathExpr')})")
        for container in containers
        for mount in items(container, "volumeMounts")
        if isinstance(mount, dict) and _meets(at(mount, "mountPath"))
        for whole in [not at(mount, "subPath") and not at(mount, "subPathExpr")]
    }


def _meets(path: Any) -> bool:
    """Whether a mount at a path shows, hides or fills the directory of the configuration."""
    if not isinstance(path, str):
        return False
    place, ours = PurePosixPath("/", path), PurePosixPath(CONFIG_DIRECTORY)
    return place == ours or place in ours.parents or ours in place.parents


RULE = stack_rule(ABOUT, judge)
