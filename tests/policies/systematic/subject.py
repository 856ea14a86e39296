"""What of a recorded stack is the policy pack's subject: by what a campaign is bounded, denied, told apart or judged.

Leaving out something else takes function away (a probe, a dashboard, a rule of a policy that only allows) or changes
nothing that anybody could reach, use or send. A limit range's `max` and containers' resources lie inside a quota, which
is the bound; between its two own namespaces an environment may move what no rule reads.
"""

from __future__ import annotations

import inspect
import re
from fnmatch import fnmatchcase

import pulumi_aws as aws

from cli.render.recording import Registration
from tests.policies.systematic.mutant import is_kubernetes, kind
from tests.policies.systematic.values import Path, dotted
from warmlane import labels, names

IDENTITY = tuple(f"metadata.labels.{mark}" for mark in (labels.CAMPAIGN, labels.LANE, "app"))
PLACE = ("metadata.namespace",)
POD = "spec.template.spec."
FIELDS: dict[str, tuple[str, ...]] = {
    "Namespace": ("metadata.name", "metadata.labels.pod-security.kubernetes.io/enforce*", *IDENTITY),
    "NetworkPolicy": ("spec", "spec.policyTypes*", "spec.podSelector*", "spec.*gress.*", *PLACE, *IDENTITY),
    "CiliumNetworkPolicy": ("spec", "spec.*", "metadata.name", *PLACE),
    "CiliumEgressGatewayPolicy": ("spec", "spec.*", f"metadata.labels.{labels.LANE}"),
    "ResourceQuota": ("spec", "spec.*", *PLACE, *IDENTITY),
    "LimitRange": ("spec", "spec.limits", "spec.limits.default*", *PLACE, *IDENTITY),
    "ServiceAccount": (*PLACE, *IDENTITY),
    "Service": (*PLACE, *IDENTITY),
    "PersistentVolumeClaim": (*PLACE, *IDENTITY),
    "Secret": PLACE,
    "ConfigMap": PLACE,
    "Deployment": (
        *PLACE,
        *IDENTITY,
        *(f"spec.template.{mark}" for mark in IDENTITY),
        *(f"{POD}{field}*" for field in ("nodeSelector", "containers.securityContext.*")),
        *(f"{POD}{field}" for field in ("hostUsers", "containers.image")),
        *(f"{POD}tolerations{field}" for field in ("", ".key", ".value")),
    ),
}
"""By kind, paths without indices."""
OF_CAMPAIGNS: dict[str, tuple[str, ...]] = {
    "Service": ("spec", "spec.selector*"),
    "Deployment": ("spec.selector*", f"{POD}automountServiceAccountToken"),
    "ServiceAccount": ("automountServiceAccountToken",),
}
"""What counts in a campaign's stack, besides."""
POWERLESS = ("runAsUser", "runAsGroup", "readOnlyRootFilesystem", "capabilities.add")
"""Of a security context, what does not make up a level, or gives rights and does not take them."""
DOCUMENTS = (names.SENDER_CONFIG_MAP, names.LEASE_TABLE_CONFIG_MAP)
"""ConfigMaps that rules read: all of their data matters, and the lease table's name."""
SIZING = (
    "domain",
    "instanceTypes",
    "nodeGroupName",
    "updateConfig",
    "scalingConfig",
    "ttl",
    "tags.Name",
    f"tags.{labels.NAME}",
)
"""Of AWS resources, what says how large or what they are called; of an address, that it is for a VPC, as all are."""
ENVIRONMENT_TAG = f"tags.{labels.ENVIRONMENT}"

BOUNDS = ("Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "CiliumEgressGatewayPolicy")


def is_part(one: Registration) -> bool:
    """Whether the resource bounds, denies, tells apart or is judged by: without it something is missing."""
    if not is_kubernetes(one):
        return True
    if kind(one) == "NetworkPolicy":
        return _name(one) == names.DEFAULT_DENY_POLICY
    return kind(one) in BOUNDS or _name(one) in DOCUMENTS


def _name(one: Registration) -> str:
    return str(one.inputs.get("metadata", {}).get("name", ""))


def matters(one: Registration, path: Path, required: bool = False) -> bool:
    """Whether a value of a resource is the pack's subject; `required` ones can't be left out, but can be others."""
    text = re.sub(r"\[\d+]", "", dotted(path))
    if not is_kubernetes(one):
        needed = path[0] in _required(one) and len(path) == 1
        return (required or not needed) and text != ENVIRONMENT_TAG and not text.startswith(SIZING)
    if _name(one) in DOCUMENTS and (path[0] == "data" or text == "metadata.name"):
        return True
    if _name(one) == names.DEFAULT_DENY_POLICY and text == "metadata.name":
        return True
    patterns = FIELDS.get(kind(one), ())
    if text.startswith(f"{POD}containers.securityContext.") and text.split("securityContext.")[1].startswith(POWERLESS):
        return False
    if is_campaigns(one):
        patterns += OF_CAMPAIGNS.get(kind(one), ())
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def is_campaigns(one: Registration) -> bool:
    """Whether the resource is of a campaign's stack."""
    return "." in one.urn.split("::")[0]


def _required(one: Registration) -> set[str]:
    """Properties without which the SDK does not even make the resource."""
    _, module, name = one.type.split(":")
    found = getattr(getattr(aws, module.split("/")[0]), f"{name}Args")
    parameters = inspect.signature(found.__init__).parameters.values()
    needed = [one.name for one in parameters if one.default is inspect.Parameter.empty and one.name != "__self__"]
    return {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in needed}


def waits(one: Registration) -> bool:
    """Whether the resource makes pods, which must not start before what bounds them."""
    return kind(one) == "Deployment"


def bounds_pods(urn: str) -> bool:
    """Whether pods must wait for a resource; that its namespace stands is seen to by the API server itself."""
    _, _, chain, name = urn.split("::")
    if "." not in urn.split("::")[0]:
        # The platform's other policies only open something.
        return name.endswith(names.DEFAULT_DENY_POLICY)
    return chain.rsplit(":", 1)[1] in ("NetworkPolicy", "ResourceQuota", "LimitRange")


def lane_part(one: Registration) -> bool:
    """Whether the resource is a part of a lane."""
    return not is_kubernetes(one) or kind(one) == "CiliumEgressGatewayPolicy"


def is_read(one: Registration) -> bool:
    """Whether rules read the object, so that it must lie in one place."""
    return is_campaigns(one) or kind(one) in ("NetworkPolicy", "Namespace") or _name(one) in DOCUMENTS


def is_shown(one: Registration) -> bool:
    """Whether the object is there for people's eyes, or no other object names it."""
    return kind(one) == "PodDisruptionBudget" or kind(one) == "ConfigMap" and one.name.startswith("monitoring-")
