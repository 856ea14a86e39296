"""Every object that a stack makes is in its plan, whole and of a kind that rules know.

A rule can judge what it is shown. A chart that a release renders in the cluster, a manifest that a command applies, or
the half of an object that a patch holds, would be made unjudged.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes, lanes
from policies.rule import About, Resource, resource_rule, title
from policies.scopes import is_campaign_stack

ABOUT = About(
    name="no-unseen-objects",
    display_name="No unseen objects",
    description=(
        "A stack declares Kubernetes' own kinds, Cilium's egress gateway and network policies, and (an environment's) "
        "the AWS resources of lanes and policies of admission that only refuse, each whole and by itself: no release, "
        "chart, manifest file, patch, list, command or provider beside those, and nothing that changes other objects "
        "behind the plan."
    ),
    why="What a rule is not shown, or knows nothing of, is made without being judged.",
    remediation="Declare each object as a resource of its own, in a component of components/.",
    severity=Severity.CRITICAL,
    # Only types are looked at, and no type is ever unknown.
    inputs=(),
)

PROVIDERS = ("aws", "kubernetes")
BUILT_IN = "pulumi"
"""The engine's own provider, which it shows as a resource where a program reads another stack."""
PACKAGES = (*PROVIDERS, BUILT_IN, "warmlane")
MAKERS = {
    "kubernetes:helm.sh/": "Helm",
    "kubernetes:yaml": "a manifest file",
    "kubernetes:kustomize": "Kustomize",
    "aws:eks/addon:": "an EKS add-on",
    "aws:cloudformation/": "CloudFormation",
    "aws:cloudcontrol/": "the Cloud Control API",
}
"""By the beginning of a type, who makes objects for it that the plan doesn't hold, or holds as another would."""

GROUPS = {
    *("core", "apps", "batch", "autoscaling", "policy", "extensions", "meta"),
    *("networking.k8s.io", "discovery.k8s.io", "rbac.authorization.k8s.io"),
    *("storage.k8s.io", "scheduling.k8s.io", "node.k8s.io", "coordination.k8s.io", "events.k8s.io"),
}
"""API groups that Kubernetes itself serves (1.35), but for those by which a webhook, a policy of admission, another API
server or a certificate changes what others have declared."""
BESIDE_THE_PLAN = ("Binding", "Node")
"""Kinds by which a pod comes to a node, or a node to a lane's labels, past the scheduler and the lane's node group."""
AWS_TYPES = {
    lanes.ADDRESS,
    lanes.ADDRESS_ASSOCIATION,
    lanes.NAT,
    lanes.NODES,
    lanes.RECORD,
    lanes.REVERSE_NAME,
    lanes.ROUTE,
    lanes.ROUTE_TABLE,
    lanes.SUBNET,
    lanes.SUBNET_ROUTES,
}
"""What a lane is made of. Another type may run pods or nodes (Fargate, instances), or give somebody rights."""
CUSTOM_TYPES = ("CiliumEgressGatewayPolicy", "CiliumNetworkPolicy")
"""The only kinds of another group: `lane-leased-once` and `no-wide-allow` judge them."""
ADMISSION = "admissionregistration.k8s.io"
ADMISSION_KINDS = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
"""Of an environment's stack. They can refuse what somebody asks the API server for, and change nothing."""


def judge(resource: Resource) -> Iterator[str]:
    what = title(resource)
    makers = [name for type_ in resource.type_chain for start, name in MAKERS.items() if type_.startswith(start)]
    package = resource.type.split(":")[0]
    if makers:
        yield f"{what} is made by {makers[0]}, which may make more than the plan shows. Declare each object by itself."
    elif package not in PACKAGES or _provider(resource) not in ("", BUILT_IN, *PROVIDERS):
        yield (
            f"The type {resource.type} of {resource.name} is known to no rule, so what it makes is not judged. Use "
            f"resources of {' and '.join(PROVIDERS)}."
        )
    elif kubernetes.is_patch(resource):
        yield f"{what} holds only a part of an object, so no rule can judge the whole. Declare the object itself."
    elif package == "kubernetes" and resource.type.endswith("List"):
        yield f"{what} holds objects that no rule looks at. Declare each object by itself."
    elif package == "aws" and is_campaign_stack(resource):
        yield f"{what} is declared by a campaign, which owns nothing in AWS. Declare it in the environment's stack."
    elif package == "aws" and resource.type not in AWS_TYPES:
        yield f"{what} is no part of a lane, and no rule knows what it makes or allows. Keep it out of this stack."
    elif kubernetes.kind(resource) in BESIDE_THE_PLAN:
        yield f"{what} would bring pods and nodes together past the scheduler. Remove it; labels pin pods."
    elif kubernetes.kind(resource) in ADMISSION_KINDS and is_campaign_stack(resource):
        yield f"{what} would have a campaign decide for the whole cluster. Declare it in the environment's stack."
    elif package == "kubernetes" and not _known(resource):
        yield (
            f"{what} is of the API group {kubernetes.group(resource)}, and no rule knows what such an object makes or "
            "allows. Use Kubernetes' own kinds."
        )


def _provider(resource: Resource) -> str:
    """The package that a provider resource is for; empty for any other resource."""
    return resource.type.rsplit(":", 1)[1] if resource.type.startswith("pulumi:providers:") else ""


def _known(resource: Resource) -> bool:
    group = kubernetes.group(resource)
    kind = kubernetes.kind(resource)
    special = {kubernetes.CILIUM: CUSTOM_TYPES, ADMISSION: ADMISSION_KINDS}
    return group in GROUPS or kind in special.get(group, ())


RULE = resource_rule(ABOUT, judge)
