"""Finds AWS resources by the tags that Warmlane gives them: whose they are, and their logical name in the stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from warmlane import labels


@dataclass(frozen=True, order=True)
class Tagged:
    """An AWS resource with Warmlane's tags: logical name in the stack, and the id by which Pulumi imports it."""

    name: str
    id: str


@dataclass(frozen=True)
class _Kind:
    """A kind of EC2 resource that a lane makes: the call that lists it by tag, and where the answer has its ids."""

    call: str
    answer: str
    id: str


KINDS = (
    _Kind("describe_addresses", "Addresses", "AllocationId"),
    _Kind("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    _Kind("describe_subnets", "Subnets", "SubnetId"),
    _Kind("describe_route_tables", "RouteTables", "RouteTableId"),
)
GONE = {"deleting", "deleted", "failed"}
"""States of NAT gateways that AWS still shows, tags and all, for an hour."""
NO_NODE_GROUP = {"DELETING", "CREATE_FAILED", "DELETE_FAILED"}
"""States of EKS node groups that never have nodes again."""


def in_ec2(ec2: Any, environment: str) -> list[Tagged]:
    """What of EC2 carries the environment's tag. EC2 itself is asked: the tagging API lags behind it by minutes."""
    return [
        found
        for kind in KINDS
        for item in _items(ec2, kind, environment)
        if item.get("State") not in GONE
        for found in _named({tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}, item[kind.id])
    ]


def _items(ec2: Any, kind: _Kind, environment: str) -> Iterator[dict[str, Any]]:
    asked = {"Filters": [{"Name": f"tag:{labels.ENVIRONMENT}", "Values": [environment]}]}
    # AWS gives all addresses at once and the others page by page.
    paged = ec2.can_paginate(kind.call)
    for page in ec2.get_paginator(kind.call).paginate(**asked) if paged else [getattr(ec2, kind.call)(**asked)]:
        yield from page[kind.answer]


def node_groups(eks: Any, cluster: str, environment: str) -> list[Tagged]:
    """The cluster's node groups with the environment's tag; none where there is no such cluster yet.

    EKS can't list by tag, so each is looked at. The id by which Pulumi imports one is `<cluster>:<node group>`.
    """
    found = list[Tagged]()
    try:
        pages = eks.get_paginator("list_nodegroups").paginate(clusterName=cluster)
        groups = [name for page in pages for name in page["nodegroups"]]
    except eks.exceptions.ResourceNotFoundException:
        return []
    for name in groups:
        group = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
        tags: Mapping[str, str] = group.get("tags") or {}
        if group["status"] not in NO_NODE_GROUP and tags.get(labels.ENVIRONMENT) == environment:
            found += _named(tags, f"{cluster}:{name}")
    return found


def _named(tags: Mapping[str, str], id_: str) -> Iterable[Tagged]:
    return [Tagged(tags[labels.NAME], id_)] if labels.NAME in tags else []
