"""No pod of a campaign holds a token with which it could speak to the API server."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, resource_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, WORKLOADS, of_kinds

SOURCES = ("spec", "volumes", EACH, "projected", "sources", EACH)

ABOUT = About(
    name="no-service-account-token",
    display_name="No service account token",
    description=(
        "A campaign's accounts and pods mount no token, project none, keep none in a Secret, and get none for a role "
        "of the cloud."
    ),
    why="Whoever takes over a sender by a mail should find nothing in it that opens the cluster.",
    remediation="Set automountServiceAccountToken to false, and remove the token's volume or Secret.",
    severity=Severity.HIGH,
    inputs=(
        *plan(of_kinds("ServiceAccount", "Secret"), ("metadata", "namespace")),
        *plan(of_kinds("ServiceAccount"), "automountServiceAccountToken", ("metadata", "annotations")),
        *plan(of_kinds("Secret"), "type"),
        *plan(WORKLOADS, ("metadata", "namespace")),
        *plan(CAMPAIGN_POD_TEMPLATES, ("spec", "automountServiceAccountToken"), (*SOURCES, "serviceAccountToken")),
    ),
)

MOUNT = "automountServiceAccountToken"
CLOUD_ROLES = ("azure.workload.identity/client-id", "eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account")
"""Annotations by which a cloud's webhook puts a token, or its metadata service a role, into every pod of an account."""
TOKEN_SECRET = "kubernetes.io/service-account-token"


def judge(resource: Resource) -> Iterator[str]:
    if not kubernetes.campaign(resource):
        return
    what, kind = kubernetes.title(resource), kubernetes.kind(resource)
    # A patch that says nothing of it leaves it as it is.
    sound = (False, UNKNOWN, None) if kubernetes.is_patch(resource) else (False, UNKNOWN)
    if kind == "ServiceAccount" and at(resource.props, MOUNT) not in sound:
        yield f"{what} lets its pods mount a token. Set {MOUNT} to false."
    if kind == "ServiceAccount":
        for key in CLOUD_ROLES:
            if at(resource.props, "metadata", "annotations", key) not in (None, UNKNOWN):
                yield f"{what} gives its pods a role of the cloud, and a token for it. Remove the annotation {key}."
    if kind == "Secret" and at(resource.props, "type") == TOKEN_SECRET:
        yield f"{what} holds a token that never ends. Remove the Secret."
    if not kubernetes.has_pods(resource):
        return
    spec = at(kubernetes.pod_template(resource), "spec")
    # What the pod says counts, whatever its account says, and an account may be one that the plan does not show.
    if at(spec, MOUNT) not in sound:
        yield f"{what} mounts its account's token. Set {MOUNT} of the pod to false."
    for volume in items(spec, "volumes"):
        for source in items(volume, "projected", "sources"):
            if at(source, "serviceAccountToken") not in (None, UNKNOWN):
                yield (
                    f"{what} is given a token by the volume {at(volume, 'name')}. Remove its source "
                    "serviceAccountToken."
                )


RULE = resource_rule(ABOUT, judge)
