"""A lane sends for one campaign: two campaigns behind one address ruin each other's reputation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.inputs import EACH, after_creation, plan
from policies.leases import is_lease_table
from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import About, Resource, stack_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, is_campaign_stack, named, of_kinds
from warmlane import labels, names

POD_NAMESPACE_LABEL = "io.kubernetes.pod.namespace"
"""Label under which Cilium knows a pod's namespace."""
EGRESS_POLICY = "CiliumEgressGatewayPolicy"

ABOUT = About(
    name="lane-leased-once",
    display_name="Lane leased once",
    description=(
        "No two campaigns send from one lane, no campaign from two, and every way out follows the committed leases."
    ),
    why="Two campaigns behind one address share its reputation: one bad list stops the mail of both.",
    remediation="Give each campaign a lane of its own under leases in Pulumi.<environment>.yaml.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(named("ConfigMap", names.LEASE_TABLE_CONFIG_MAP), "data"),
        *plan(of_kinds(EGRESS_POLICY), ("spec", "selectors")),
        *plan(CAMPAIGN_POD_TEMPLATES, ("metadata", "labels", labels.LANE)),
        *after_creation(
            of_kinds(EGRESS_POLICY),
            ("spec", "egressGateway", "egressIP"),
            ("spec", "egressGateways", EACH, "egressIP"),
        ),
    ),
)


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    yield from _whole_lease_table(resources)
    yield from _lease_table(resources)
    yield from _egress_policies(resources)
    yield from _workloads(resources)


def _whole_lease_table(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    """An environment's stack holds the table, in its place and with every lane: rules on leases speak of it alone."""
    if not resources or is_campaign_stack(resources[0]):
        return
    environment = committed.environment(resources[0].stack)
    holders = {lease.lane: campaign for campaign, lease in environment.leases.items()}
    tables = [
        resource
        for resource in resources
        if is_lease_table(resource) and kubernetes.namespace(resource) == names.PLATFORM_NAMESPACE
    ]
    if not tables:
        yield (
            f"The stack {resources[0].stack} has no ConfigMap {names.PLATFORM_NAMESPACE}/"
            f"{names.LEASE_TABLE_CONFIG_MAP}, so no rule sees who holds which lane. Declare Platform "
            "(components/platform.py).",
            resources[0],
        )
    for table in tables:
        found = mapping(table.props, "data")
        for lane in sorted(environment.lanes):
            if found.get(lane) not in (holders.get(lane, ""), UNKNOWN) and not found.get(lane):
                held = f"{holders[lane]} holds it" if lane in holders else "nobody holds it"
                yield f"{kubernetes.title(table)} does not say of lane {lane} that {held}. Write it.", table


def _lease_table(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    for resource in resources:
        if not is_lease_table(resource):
            continue
        lanes = dict[str, str]()
        for lane, campaign in mapping(resource.props, "data").items():
            if campaign in lanes:
                yield (
                    f"{kubernetes.title(resource)} leases both {lanes[campaign]} and {lane} to {campaign}. Lease one "
                    "lane to a campaign.",
                    resource,
                )
            if isinstance(campaign, str) and campaign:
                lanes.setdefault(campaign, lane)
                yield from _committed(resource, campaign, lane)


def _committed(resource: Resource, campaign: str, lane: str) -> Iterator[tuple[str, Resource]]:
    """The plan and `Pulumi.<environment>.yaml` name the same holder."""
    leased = committed.leased_lane(campaign, resource.stack)
    if leased != lane:
        file = f"Pulumi.{committed.environment_name(resource.stack)}.yaml"
        holds = f"leases {leased} to it" if leased else "leases no lane to it"
        yield (
            f"{kubernetes.title(resource)} gives lane {lane} to {campaign}, but {file} {holds}. Make them agree.",
            resource,
        )


def _egress_policies(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    holders = dict[str, tuple[str, Resource]]()
    for resource in resources:
        if kubernetes.kind(resource) != EGRESS_POLICY:
            continue
        what = kubernetes.title(resource)
        for selector in items(resource.props, "spec", "selectors") or [None]:
            wanted = mapping(selector, "podSelector", "matchLabels")
            namespace, lane = wanted.get(POD_NAMESPACE_LABEL), wanted.get(labels.LANE)
            if (
                not isinstance(namespace, str)
                or not isinstance(lane, str)
                or not namespace.startswith(names.NAMESPACE_PREFIX)
            ):
                yield (
                    f"{what} does not say whose pods leave by its address. Select by matchLabels "
                    f"{POD_NAMESPACE_LABEL} ({names.NAMESPACE_PREFIX}<id>) and {labels.LANE}.",
                    resource,
                )
                continue
            campaign = namespace.removeprefix(names.NAMESPACE_PREFIX)
            yield from _committed(resource, campaign, lane)
            for way_out in (f"lane {lane}", *_address(resource)):
                holder, other = holders.setdefault(way_out, (campaign, resource))
                if holder != campaign:
                    yield (
                        f"{what} sends {campaign} out by {way_out}, which {kubernetes.title(other)} gives to "
                        f"{holder}. Lease another lane to {campaign}.",
                        resource,
                    )


def _address(resource: Resource) -> Iterator[str]:
    """The address that a policy sends from: by value or, before that is known, by the resource it comes from."""
    for gateway in [at(resource.props, "spec", "egressGateway"), *items(resource.props, "spec", "egressGateways")]:
        address = at(gateway, "egressIP")
        if isinstance(address, str):
            yield f"address {address}"
        elif address is UNKNOWN:
            for urn in resource.property_dependencies.get("spec", ()):
                if urn.split("::")[2].endswith("aws:ec2/eip:Eip"):
                    yield f"address of {urn.split('::')[3]}"


def _workloads(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    holders = dict[str, tuple[str, Resource]]()
    for resource in resources:
        campaign = kubernetes.campaign(resource)
        if not campaign or not kubernetes.has_pods(resource):
            continue
        lane: Any = kubernetes.pod_labels(resource).get(labels.LANE)
        if not isinstance(lane, str):
            continue
        holder, other = holders.setdefault(lane, (campaign, resource))
        if holder != campaign:
            yield (
                f"{kubernetes.title(resource)} sends from lane {lane}, and so does {kubernetes.title(other)}. Lease "
                f"another lane to {campaign}.",
                resource,
            )


RULE = stack_rule(ABOUT, judge)
