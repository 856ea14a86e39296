"""Who deploys a sender has said where its queue lies, and its pods keep it there.

The two kinds lose different mail, and neither is told from the other by what a sender does until a node is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pulumi_policy import Severity
from pydantic import Field

from policies import committed, kubernetes
from policies.about import Looser
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import About, Resource, configured_resource_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, of_campaigns
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read
from warmlane import names, sizing
from warmlane.base import Model
from warmlane.campaign import Campaign, Spool
from warmlane.config import campaign_file
from warmlane.handover import EXPORTED_DIRECTORY
from warmlane.sender_config import SPOOL_DIRECTORY


class SpoolStated(Model):
    """Properties of the rule in the pack's config."""

    may_be_left_out: Annotated[bool, Looser.HIGHER] = Field(
        default=False, description="Whether a campaign may leave `spool` out and get `handover`; true in a lab."
    )


WORKLOADS = {Spool.HANDOVER: "Deployment", Spool.PERSISTENT: "StatefulSet"}
RETENTION = ("whenDeleted", "whenScaled")
CLAIMS = ("spec", "volumeClaimTemplates")

ABOUT = About(
    name="spool-stated",
    display_name="Spool stated",
    description=(
        "A campaign states its spool; its workload is of that kind, its pods keep their queue there, its volumes "
        f"outlive their pods. handover: {Spool.HANDOVER.loses}. persistent: {Spool.PERSISTENT.loses}."
    ),
    why=(
        "A sender that answered 250 owes its producers a delivery. Which failure may break that word is for those who "
        "own the mail to say, before there is any."
    ),
    remediation=(
        "Write `spool: handover` or `spool: persistent` into campaigns/Pulumi.<campaign>.<environment>.yaml, and "
        "declare CampaignSender (components/sender.py)."
    ),
    severity=Severity.HIGH,
    inputs=(
        *INPUTS,
        *plan(CAMPAIGN_POD_TEMPLATES, ("spec", "volumes", EACH), ("spec", "containers", EACH, "volumeMounts", EACH)),
        *plan(
            of_campaigns("StatefulSet"),
            (*CLAIMS, EACH, "metadata", "name"),
            *(("spec", "persistentVolumeClaimRetentionPolicy", when) for when in RETENTION),
            ("spec", "ordinals"),
        ),
    ),
)


def judge(resource: Resource, config: SpoolStated) -> Iterator[str]:
    campaign_id = kubernetes.campaign(resource)
    campaign = committed.campaign(campaign_id, resource.stack) if campaign_id else None
    if campaign is None:
        return
    what = kubernetes.title(resource)
    if is_sender_config(resource):
        yield from _stated(campaign, resource, config)
        yield from _told(what, campaign, resource)
    if kubernetes.kind(resource) in WORKLOADS.values():
        yield from _workload(what, campaign, resource)


def _stated(campaign: Campaign, resource: Resource, config: SpoolStated) -> Iterator[str]:
    if "spool" not in campaign.model_fields_set and not config.may_be_left_out:
        file = campaign_file(campaign.id, committed.environment_name(resource.stack))
        choices = "; ".join(f"`spool: {one}` ({one.loses})" for one in Spool)
        yield (
            f"{kubernetes.title(resource)} is for a sender of which nobody has said what it may lose. Write one of "
            f"these into {file}. {choices}."
        )


def _told(what: str, campaign: Campaign, resource: Resource) -> Iterator[str]:
    """The gate keeps or hands over, and takes in no more mail than, what its configuration says."""
    try:
        config = read(resource)
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    right = {
        "spool": campaign.spool,
        "spool_mib": sizing.spool_mib(campaign, committed.environment(resource.stack)),
        "max_backlog_days": campaign.max_backlog_days,
        # By which its pods share what may wait.
        "replicas": campaign.sender.replicas,
    }
    for key, value in right.items():
        if getattr(config, key) != value:
            yield (
                f"{what} says {key} {getattr(config, key)}, but the committed config says {value}. Write it by "
                "warmlane.sender_config."
            )


def _workload(what: str, campaign: Campaign, resource: Resource) -> Iterator[str]:
    kind, right = kubernetes.kind(resource), WORKLOADS[campaign.spool]
    if kind != right:
        yield f"{what} is no {right}, which the committed spool, {campaign.spool}, asks for. Make it one."
        return
    spec = at(kubernetes.pod_template(resource), "spec")
    volumes = {str(at(one, "name")): one for one in items(spec, "volumes")}
    templates = [str(at(one, "metadata", "name")) for one in items(resource.props, *CLAIMS) if one is not UNKNOWN]
    if campaign.spool is Spool.PERSISTENT:
        kept = names.SPOOL_CLAIM in templates
        lacking = "a claim of each pod's own, by volumeClaimTemplates"
        strange = sorted(set(templates) - {names.SPOOL_CLAIM})
    else:
        kept = "emptyDir" in mapping(volumes.get(names.SPOOL_CLAIM))
        lacking = "an emptyDir of the pod's own"
        strange = templates
        yield from _exports(what, spec, volumes)
    if not kept or UNKNOWN in items(resource.props, *CLAIMS):
        yield f"{what} has no volume {names.SPOOL_CLAIM} for its queue. Give it {lacking}."
    for name in strange:
        yield f"{what} claims {name} for each pod, which no part of a sender has. Remove it."
    for container in items(spec, "containers"):
        if names.SPOOL_CLAIM not in _mounted(container, SPOOL_DIRECTORY):
            yield (
                f"{what}, container {at(container, 'name')}, does not have the volume {names.SPOOL_CLAIM} at "
                f"{SPOOL_DIRECTORY}, so its queue is lost with the container. Mount it there."
            )
    if at(resource.props, "spec", "ordinals", "start") not in (None, 0, UNKNOWN):
        yield (
            f"{what} numbers its pods from another number than 0, and a pod knows by its own if it may go for good. "
            "Remove ordinals."
        )
    for when in RETENTION:
        if at(resource.props, "spec", "persistentVolumeClaimRetentionPolicy", when) not in (None, "Retain", UNKNOWN):
            yield (
                f"{what} deletes the volumes of its queues by {when}. Set "
                f"persistentVolumeClaimRetentionPolicy.{when} to Retain."
            )


def _exports(what: str, spec: Any, volumes: dict[str, Any]) -> Iterator[str]:
    claimed = [
        name
        for name, one in volumes.items()
        if at(one, "persistentVolumeClaim", "claimName") == names.EXPORTED_CLAIM
        and at(one, "persistentVolumeClaim", "readOnly") in (None, False)
    ]
    for container in items(spec, "containers"):
        if not any(name in _mounted(container, EXPORTED_DIRECTORY) for name in claimed):
            yield (
                f"{what}, container {at(container, 'name')}, does not have the claim {names.EXPORTED_CLAIM} at "
                f"{EXPORTED_DIRECTORY}, so a pod without a sibling loses its queue. Mount it there."
            )


def _mounted(container: Any, directory: str) -> list[str]:
    """Volumes that a container can write at a directory."""
    return [
        str(at(mount, "name"))
        for mount in items(container, "volumeMounts")
        if at(mount, "mountPath") == directory and at(mount, "readOnly") in (None, False)
    ]


RULE = configured_resource_rule(ABOUT, SpoolStated, judge)
