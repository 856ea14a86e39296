"""EKS clusters and node groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lab.aws.refusals.row import Call, Refusal

Fields = Mapping[str, object] | None

CREATE = "eks:create_nodegroup"
DESCRIBE = "eks:describe_nodegroup"
DELETE = "eks:delete_nodegroup"
DELETE_CLUSTER = "eks:delete_cluster"


def _cluster(call: Call) -> Any:
    return call.backend.clusters.get(call.arguments.get("cluster_name") or call.arguments.get("name"))


def _unknown_cluster(call: Call) -> Fields:
    name = call.arguments.get("cluster_name") or call.arguments.get("name")
    return {"cluster": name} if _cluster(call) is None else None


def _group_exists(call: Call) -> Fields:
    cluster = _cluster(call)
    group = call.arguments["nodegroup_name"]
    if cluster is None or group not in cluster.nodegroups:
        return None
    return {"group": group, "cluster": call.arguments["cluster_name"]}


def _unknown_group(call: Call) -> Fields:
    cluster = _cluster(call)
    group = call.arguments["nodegroup_name"]
    return {"group": group} if cluster is not None and group not in cluster.nodegroups else None


def _unknown_subnet(call: Call) -> Fields:
    known = {subnet.id for subnet in call.account.backend("ec2", call.backend.region_name).describe_subnets()}
    missing = [subnet for subnet in call.arguments["subnets"] if subnet not in known]
    return {"subnet": missing[0]} if missing else None


def _cluster_in_use(call: Call) -> Fields:
    cluster = _cluster(call)
    return {} if cluster is not None and cluster.nodegroups else None


ROWS = (
    Refusal(
        "node-group-in-unknown-cluster",
        (CREATE, DESCRIBE, DELETE, "eks:describe_cluster", DELETE_CLUSTER),
        "ResourceNotFoundException",
        "No cluster found for name: {cluster}.",
        "API_CreateNodegroup, API_DescribeCluster (EKS API reference), ResourceNotFoundException",
        _unknown_cluster,
    ),
    Refusal(
        "node-group-exists",
        (CREATE,),
        "ResourceInUseException",
        "NodeGroup already exists with name {group} and cluster name {cluster}",
        "API_CreateNodegroup (EKS API reference), ResourceInUseException",
        _group_exists,
    ),
    Refusal(
        "node-group-unknown",
        (DESCRIBE, DELETE),
        "ResourceNotFoundException",
        "No node group found for name: {group}.",
        "API_DescribeNodegroup (EKS API reference), ResourceNotFoundException",
        _unknown_group,
    ),
    Refusal(
        "node-group-in-unknown-subnet",
        (CREATE,),
        "InvalidParameterException",
        "The subnet ID '{subnet}' does not exist",
        "API_CreateNodegroup (EKS API reference), InvalidParameterException",
        _unknown_subnet,
    ),
    Refusal(
        "cluster-in-use",
        (DELETE_CLUSTER,),
        "ResourceInUseException",
        "Cluster has nodegroups attached",
        "API_DeleteCluster (EKS API reference), ResourceInUseException",
        _cluster_in_use,
    ),
)
