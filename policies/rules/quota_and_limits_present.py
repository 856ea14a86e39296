"""Each campaign's namespace has a quota and defaults, so that one campaign can't starve the others.

The API server enforces every quota of a namespace by itself, so the least bound on each key holds, and a quota with
scopes bounds only the pods of its scopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items, mapping
from policies.quantity import amount
from policies.rule import About, Resource, stack_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, of_kinds
from warmlane import sizing

PRIORITIES = ("priorityClassName", "priority")
"""Fields by which the scheduler puts other pods out to make room for one."""

ABOUT = About(
    name="quota-and-limits-present",
    display_name="Quota and limits present",
    description=(
        "A campaign's namespace has a ResourceQuota over everything that it can use up, no larger than its sender "
        "needs, and a LimitRange with defaults; its pods go before nobody else's."
    ),
    why="A node that one campaign has filled evicts the senders of all others.",
    remediation="Declare CampaignIsolation (components/isolation.py); its figures come from warmlane/sizing.py.",
    severity=Severity.HIGH,
    inputs=(
        *plan(of_kinds("ResourceQuota"), "spec", ("metadata", "namespace")),
        *plan(of_kinds("LimitRange"), ("spec", "limits", EACH), ("metadata", "namespace")),
        *plan(CAMPAIGN_POD_TEMPLATES, *(("spec", field) for field in PRIORITIES)),
    ),
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
    "requests.storage",
    "services",
    "services.loadbalancers",
    "count/daemonsets.apps",
    "count/deployments.apps",
    "count/statefulsets.apps",
    "count/jobs.batch",
    "count/cronjobs.batch",
)
ZERO = ("services.nodeports",)
"""A NodePort would open a sender on every node, past its own Service."""
DEFAULTED = ("cpu", "memory", "ephemeral-storage")
"""A quota on these refuses a container that names none, unless the LimitRange does."""
SCOPES = ("scopes", "scopeSelector")


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    for resource in filter(kubernetes.has_pods, resources):
        template = kubernetes.pod_template(resource)
        for field in PRIORITIES if kubernetes.campaign(resource) else ():
            if at(template, "spec", field) not in (None, "", 0, UNKNOWN):
                yield (
                    f"{kubernetes.title(resource)} may put other campaigns' pods out by its {field}. Remove {field}.",
                    resource,
                )
    for resource in kubernetes.first_of_each_namespace(resources):
        if not kubernetes.campaign(resource):
            continue
        namespace = kubernetes.namespace(resource)
        inside = [other for other in resources if kubernetes.namespace(other) == namespace]
        quotas = [other for other in inside if kubernetes.kind(other) == "ResourceQuota"]
        ranges = [other for other in inside if kubernetes.kind(other) == "LimitRange"]
        for missing in _missing_bounds(quotas, _sender_needs(resource)):
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


def _sender_needs(resource: Resource) -> dict[str, str]:
    """What the campaign's sender may use up at most, by key of a quota; empty where the campaign is not committed."""
    campaign = committed.campaign(kubernetes.campaign(resource), resource.stack)
    if campaign is None:
        return {}
    return sizing.quota(campaign, committed.environment(resource.stack))


def _missing_bounds(quotas: list[Resource], needed: dict[str, str]) -> Iterator[str]:
    bounds = _bounds(quotas)
    unbounded = [key for key in (*BOUNDED, *ZERO) if key not in bounds]
    if unbounded:
        yield f"bounds {', '.join(unbounded)}"
    for key in ZERO:
        if bounds.get(key, Decimal(0)) != 0:
            yield f"sets {key} to 0 (it is {bounds[key]})"
    for key in BOUNDED:
        most = amount(needed.get(key))
        if most is not None and bounds.get(key, most) > most:
            yield f"keeps {key} within {needed[key]}, which is what the committed sender needs (it is {bounds[key]:f})"


def _bounds(quotas: list[Resource]) -> dict[str, Decimal]:
    """By key, the least amount that a quota without scopes sets; of a quota and its patches, the most."""
    found = dict[str, Decimal]()
    for _, same in groupby(sorted(quotas, key=kubernetes.name), key=kubernetes.name):
        parts = list(same)
        if any(at(part.props, "spec", field) for part in parts for field in SCOPES):
            continue
        amounts = [(key, amount(value)) for part in parts for key, value in mapping(part.props, "spec", "hard").items()]
        bounds = dict[str, Decimal]()
        for key, bound in amounts:
            if bound is not None:
                bounds[key] = max(bound, bounds.get(key, bound))
        for key, bound in bounds.items():
            found[key] = min(bound, found.get(key, bound))
    return found


def _missing_defaults(ranges: list[Resource]) -> Iterator[str]:
    limits: list[Any] = [
        limit
        for limit_range in ranges
        for limit in items(limit_range.props, "spec", "limits")
        if isinstance(limit, dict) and limit.get("type") == "Container"
    ]
    for field in ("default", "defaultRequest"):
        given = {key for limit in limits for key, value in mapping(limit, field).items() if value is not UNKNOWN}
        missing = [key for key in DEFAULTED if key not in given]
        if missing:
            yield f"has a {field} for {', '.join(missing)} of containers"


RULE = stack_rule(ABOUT, judge)
