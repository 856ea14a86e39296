"""Each campaign's namespace has a quota and defaults, so that one campaign can't starve the others."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import kubernetes
from policies.plain import UNKNOWN, items, mapping
from policies.rule import About, Resource, stack_rule

ABOUT = About(
    name="quota-and-limits-present",
    display_name="Quota and limits present",
    description=(
        "A campaign's namespace has a ResourceQuota over everything that it can use up, and a LimitRange with defaults."
    ),
    remediation="Declare CampaignIsolation (components/isolation.py); its figures come from warmlane/sizing.py.",
    severity=Severity.HIGH,
)

BOUNDED = (
    "pods",
    "requests.cpu",
    "limits.cpu",
    "requests.memory",
    "limits.memory",
    "requests.ephemeral-storage",
    "limits.ephemeral-storage",
    "persistentvolumeclaims",
    "services.loadbalancers",
)
ZERO = ("services.nodeports",)
"""A NodePort would open a sender on every node, past its own Service."""
DEFAULTED = ("cpu", "memory", "ephemeral-storage")
"""A quota on these refuses a container that names none, unless the LimitRange does."""


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    for resource in kubernetes.first_of_each_namespace(resources):
        if not kubernetes.campaign(resource):
            continue
        namespace = kubernetes.namespace(resource)
        inside = [other for other in resources if kubernetes.namespace(other) == namespace]
        quotas = [other for other in inside if kubernetes.kind(other) == "ResourceQuota"]
        ranges = [other for other in inside if kubernetes.kind(other) == "LimitRange"]
        for missing in _missing_bounds(quotas):
            yield (
                f"{kubernetes.title(resource)}: no ResourceQuota of {namespace} {missing}. Declare the quota of "
                "warmlane.sizing.quota() in this namespace.",
                resource,
            )
        for missing in _missing_defaults(ranges):
            yield (
                f"{kubernetes.title(resource)}: no LimitRange of {namespace} {missing}. Declare the limits of "
                "warmlane.sizing.limit_range() in this namespace.",
                resource,
            )


def _missing_bounds(quotas: list[Resource]) -> Iterator[str]:
    """Quotas add up: each bound may come from any of them."""
    hard = {key: value for quota in quotas for key, value in mapping(quota.props, "spec", "hard").items()}
    unbounded = [key for key in (*BOUNDED, *ZERO) if hard.get(key) in (None, UNKNOWN)]
    if unbounded:
        yield f"bounds {', '.join(unbounded)}"
    for key in ZERO:
        if key not in unbounded and str(hard[key]) != "0":
            yield f"sets {key} to 0 (it is {hard[key]})"


def _missing_defaults(ranges: list[Resource]) -> Iterator[str]:
    limits = [
        limit
        for limit_range in ranges
        for limit in items(limit_range.props, "spec", "limits")
        if isinstance(limit, dict) and limit.get("type") == "Container"
    ]
    for field in ("default", "defaultRequest"):
        given = {key for limit in limits for key in mapping(limit, field)}
        missing = [key for key in DEFAULTED if key not in given]
        if missing:
            yield f"has a {field} for {', '.join(missing)} of containers"


RULE = stack_rule(ABOUT, judge)
