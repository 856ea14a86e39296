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
from policies.quantity import amount
from policies.rule import About, Resource, configured_resource_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, named, of_campaigns
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read
from warmlane import labels, names, sizing
from warmlane.base import Model
from warmlane.campaign import Campaign, Spool
from warmlane.config import campaign_file
from warmlane.environment import Environment
from warmlane.handover import EXPORTED_DIRECTORY, GRACE_SECONDS
from warmlane.sender_config import SPOOL_DIRECTORY
from warmlane.spool_volumes import AccessMode


class SpoolStated(Model):
    """Properties of the rule in the pack's config."""

    may_be_left_out: Annotated[bool, Looser.HIGHER] = Field(
        default=False, description="Whether a campaign may leave `spool` out and get `handover`; true in a lab."
    )


WORKLOADS = {Spool.HANDOVER: "Deployment", Spool.PERSISTENT: "StatefulSet"}
RETENTION = ("whenDeleted", "whenScaled")
CLAIMS = ("spec", "volumeClaimTemplates")
BOUND_ELSEWHERE = ("volumeName", "selector", "dataSource", "dataSourceRef")
"""Fields of a claim that derived-identity judges."""
GRACE = "terminationGracePeriodSeconds"
BOUNDED = ("memory", "ephemeral-storage")

ABOUT = About(
    name="spool-stated",
    display_name="Spool stated",
    description=(
        "A campaign states its spool; its workload is of that kind, its pods keep their queue there and have the time "
        "to hand it over, its volumes are those of the committed config and outlive their pods. "
        f"handover: {Spool.HANDOVER.loses}. persistent: {Spool.PERSISTENT.loses}."
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
        *plan(
            CAMPAIGN_POD_TEMPLATES,
            ("spec", "volumes", EACH),
            ("spec", "containers", EACH, "volumeMounts", EACH),
            *(("spec", "containers", EACH, "resources", part) for part in ("requests", "limits")),
            ("spec", GRACE),
        ),
        *plan(named("PersistentVolumeClaim", names.EXPORTED_CLAIM), "spec"),
        *plan(
            of_campaigns("StatefulSet"),
            (*CLAIMS, EACH),
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
    environment = committed.environment(resource.stack)
    if kubernetes.kind(resource) in WORKLOADS.values():
        yield from _workload(what, campaign, environment, resource)
    if kubernetes.kind(resource) == "PersistentVolumeClaim" and kubernetes.name(resource) == names.EXPORTED_CLAIM:
        right = environment.spool.exported
        yield from _claim(what, resource.props, right.storage, right.storage_class, right.access_mode)


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


def _claim(what: str, claim: Any, storage: str, storage_class: str | None, mode: AccessMode) -> Iterator[str]:
    """A claim is as committed. On a smaller volume the queue ends before the gate knows it, and one that several pods
    can't write takes nothing of most of them."""
    spec = mapping(claim, "spec")
    found = {
        "resources.requests.storage": (at(spec, "resources", "requests", "storage"), storage),
        "accessModes": (spec.get("accessModes"), [mode.value]),
        "storageClassName": (spec.get("storageClassName"), storage_class),
        "volumeMode": (spec.get("volumeMode") or "Filesystem", "Filesystem"),
    }
    for field, (value, right) in found.items():
        if value != right and value is not UNKNOWN:
            yield f"{what}: {field} is {value}, but the committed config says {right or 'nothing'}. Set it to that."
    known = {*(field.split(".")[0] for field in found), *BOUND_ELSEWHERE}
    for field in sorted(field for field, value in spec.items() if field not in known and value):
        yield f"{what}: no claim of a sender needs {field}. Remove it."


def _kept(what: str, campaign: Campaign, environment: Environment, resource: Resource) -> Iterator[str]:
    """What a pod has accepted outlasts its stop: there are the time and the room for it."""
    spec = at(kubernetes.pod_template(resource), "spec")
    if at(spec, GRACE) not in (GRACE_SECONDS, UNKNOWN):
        yield (
            f"{what} is killed {at(spec, GRACE) or 30} s after it is told to stop, and needs {GRACE_SECONDS} s to hand "
            f"its queue over. Set {GRACE} to {GRACE_SECONDS}."
        )
    if "spec" in resource.ignored:
        # While a hold stands, a pod keeps the volumes that it was deployed with (campaigns/held.py).
        return
    room = sizing.spool_mib(campaign, environment)
    for volume in items(spec, "volumes"):
        own = mapping(volume, "emptyDir") if at(volume, "name") == names.SPOOL_CLAIM else {}
        limit = amount(own.get("sizeLimit"))
        if own.get("medium") or (limit is not None and limit < room * 1024**2):
            yield (
                f"{what} may keep {own.get('sizeLimit')} {own.get('medium') or ''}on its volume {names.SPOOL_CLAIM}, "
                f"and its gate takes {room} MiB: the pod is evicted with its queue. Give it an emptyDir of {room}Mi on "
                "disk."
            )
    yield from _bounds(what, campaign, items(spec, "containers"))
    for template in items(resource.props, *CLAIMS):
        claimed = f"{what}, claim {at(template, 'metadata', 'name')}"
        storage = sizing.spool_storage(campaign, environment)
        yield from _claim(claimed, template, storage, environment.spool.storage_class, AccessMode.ONE_NODE)
        metadata = {key: value for key, value in mapping(template, "metadata").items() if value and key != "name"}
        if UNKNOWN not in metadata.values() and metadata != {"labels": {labels.CAMPAIGN: campaign.id}}:
            yield (
                f"{claimed} has marks by which another than Warmlane may choose, copy or remove its volume. Leave the "
                f"label {labels.CAMPAIGN}={campaign.id} alone in its metadata."
            )


def _bounds(what: str, campaign: Campaign, containers: list[Any]) -> Iterator[str]:
    """With less disk a pod is evicted, with less memory killed; where a container says none, the LimitRange does."""
    needed = sizing.containers(campaign.sender.size, campaign.spool)
    for container in containers:
        size = needed.get(str(at(container, "name")))
        for part, bounds in size.resources().items() if size else ():
            for key in BOUNDED:
                found, right = at(container, "resources", part, key), amount(bounds[key])
                if found is not UNKNOWN and right is not None and (amount(found) or 0) < right:
                    yield (
                        f"{what}, container {at(container, 'name')}: resources.{part}.{key} is {found or 'missing'}, "
                        f"and its size {campaign.sender.size} needs {bounds[key]}, or its queue goes with the pod. Set "
                        "it to that."
                    )


def _workload(what: str, campaign: Campaign, environment: Environment, resource: Resource) -> Iterator[str]:
    kind, right = kubernetes.kind(resource), WORKLOADS[campaign.spool]
    if kind != right:
        yield f"{what} is no {right}, which the committed spool, {campaign.spool}, asks for. Make it one."
        return
    yield from _kept(what, campaign, environment, resource)
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
