"""A campaign's pods and what makes them have the fields that a sender needs, and no annotation by which something else
changes, copies or opens them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import kubernetes, pod_fields
from policies.inputs import plan
from policies.plain import UNKNOWN, at, mapping
from policies.rule import About, Resource, resource_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, of_campaigns, of_kinds

MARKS = ("annotations", "labels")
WORKLOADS = ("Deployment", "StatefulSet")
UPDATES = ("strategy", "updateStrategy", "podManagementPolicy", "minReadySeconds", "paused")
MARKED = ("ConfigMap", "PersistentVolumeClaim", "Secret", "Service")
"""Kinds whose annotations and labels have other controllers copy them, open them, or choose their storage."""

ABOUT = About(
    name="pod-fields-known",
    display_name="Pod fields known",
    description=(
        "A campaign's pods and workload have only fields, and those, their namespace, files, claims and Services only "
        "annotations and labels, that Warmlane's senders need or the API server writes."
    ),
    why=(
        "A second network by Multus, another DNS, scheduler or runtime, a hook or an injected sidecar leads a pod past "
        "its policies, its lane or its gate, and each Kubernetes release brings new fields."
    ),
    remediation="Declare CampaignSender (components/sender.py), and remove the field or mark that the message names.",
    severity=Severity.HIGH,
    inputs=(
        *plan(CAMPAIGN_POD_TEMPLATES, "spec", *(("metadata", marks) for marks in MARKS)),
        *plan(of_campaigns(*WORKLOADS), *(("spec", field) for field in UPDATES)),
        *plan(of_kinds("Namespace"), *(("metadata", marks) for marks in MARKS)),
        *plan(of_campaigns(*MARKED), *(("metadata", marks) for marks in MARKS)),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    if not kubernetes.campaign(resource):
        return
    what = kubernetes.title(resource)
    if kubernetes.kind(resource) in ("Namespace", *MARKED):
        more = pod_fields.BESIDE_PODS if kubernetes.kind(resource) in MARKED else ()
        yield from _marks(what, resource.props, more)
    if not kubernetes.has_pods(resource):
        return
    template = kubernetes.pod_template(resource)
    if kubernetes.kind(resource) in WORKLOADS:
        for path, allowed in pod_fields.strange(at(resource.props, "spec"), pod_fields.WORKLOAD_SPEC, "spec"):
            if allowed:
                yield f"{what}: {path} may be {allowed} alone, or pods stay old or go all at once. Set it so."
            else:
                yield f"{what}: no sender needs {path}, and no rule judges what it does. Remove it."
    yield from dict.fromkeys([*_marks(what, resource.props), *_marks(f"{what}, its pods,", template)])
    for path, allowed in pod_fields.strange(at(template, "spec"), pod_fields.POD_SPEC, "spec"):
        if allowed:
            yield f"{what}: {path} of its pods may be {allowed} alone. Set it so, or leave it out."
        else:
            yield f"{what}: no sender needs {path}, and no rule judges what it does to a pod. Remove it."


def _marks(what: str, holder: Any, more: tuple[str, ...] = ()) -> Iterator[str]:
    """Annotations and labels by which somebody else may change a pod, or what it reads and is reached by."""
    for key in mapping(holder, "metadata", "annotations"):
        if not key.startswith(pod_fields.ANNOTATIONS) and key not in more:
            yield f"{what} has the annotation {key}, by which another than Warmlane may change pods. Remove it."
    for key, value in mapping(holder, "metadata", "labels").items():
        is_foreign = "/" in key and not key.startswith(pod_fields.LABELS)
        if value is not UNKNOWN and (is_foreign or key in pod_fields.INJECTION):
            yield f"{what} has the label {key}, by which another than Warmlane may change pods. Remove it."


RULE = resource_rule(ABOUT, judge)
