"""EKS node groups."""

from __future__ import annotations

from typing import Any

from lab.standins.aws.clients import Aws, AwsError, waiting
from lab.standins.aws.rows import FIXED_OR_GIVEN, OUTPUT, SCHEMAS, Property, ResourceType
from lab.standins.values import Values

NOT_FOUND = frozenset({"ResourceNotFoundException"})

PARAMETERS = {
    "amiType": "amiType",
    "capacityType": "capacityType",
    "diskSize": "diskSize",
    "instanceTypes": "instanceTypes",
    "labels": "labels",
    "releaseVersion": "releaseVersion",
    "scalingConfig": "scalingConfig",
    "taints": "taints",
    "updateConfig": "updateConfig",
    "version": "version",
}
"""Properties that go to CreateNodegroup as they are."""


def _names(group: str) -> dict[str, str]:
    """Cluster and node group of an id, `CLUSTER:GROUP`."""
    cluster, _, name = group.partition(":")
    return {"clusterName": cluster, "nodegroupName": name}


def _group(aws: Aws, group: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.eks.describe_nodegroup(**_names(group))["nodegroup"]
    return found


def _wait(aws: Aws, group: str) -> None:
    def active() -> bool:
        found = _group(aws, group)
        if found["status"] in ("CREATE_FAILED", "DEGRADED"):
            raise AwsError(found["status"], f"node group {group} is {found['status']}: {found.get('health')}")
        return bool(found["status"] == "ACTIVE")

    waiting(active, f"node group {group}")


def _create(aws: Aws, values: Values) -> str:
    wanted = {parameter: values[name] for name, parameter in PARAMETERS.items() if values.get(name) is not None}
    aws.eks.create_nodegroup(
        clusterName=values["clusterName"],
        nodegroupName=values["nodeGroupName"],
        nodeRole=values["nodeRoleArn"],
        subnets=values["subnetIds"],
        tags=values["tagsAll"],
        **wanted,
    )
    group = f"{values['clusterName']}:{values['nodeGroupName']}"
    _wait(aws, group)
    return group


def _read(aws: Aws, group: str, _: Values) -> Values | None:
    found = _group(aws, group)
    return {
        "amiType": found.get("amiType"),
        "arn": found["nodegroupArn"],
        "capacityType": found.get("capacityType"),
        "clusterName": found["clusterName"],
        "diskSize": found.get("diskSize"),
        "instanceTypes": found.get("instanceTypes"),
        "labels": found.get("labels") or {},
        "nodeGroupName": found["nodegroupName"],
        "nodeRoleArn": found["nodeRole"],
        "releaseVersion": found.get("releaseVersion"),
        "scalingConfig": found.get("scalingConfig"),
        "status": found["status"],
        "subnetIds": found["subnets"],
        "taints": found.get("taints") or [],
        "updateConfig": found.get("updateConfig"),
        "version": found.get("version"),
        "tagsAll": found.get("tags") or {},
    }


def _update(aws: Aws, group: str, old: Values, new: Values) -> None:
    labels, taints = _label_changes(old, new), _taint_changes(old, new)
    changes: dict[str, Any] = {}
    if any(labels.values()):
        changes["labels"] = labels
    if any(taints.values()):
        changes["taints"] = taints
    for name in ("scalingConfig", "updateConfig"):
        if new.get(name) and old.get(name) != new[name]:
            changes[name] = new[name]
    if changes:
        aws.eks.update_nodegroup_config(**_names(group), **changes)
        _wait(aws, group)
    before, after = old.get("tagsAll") or {}, new["tagsAll"]
    removed = [key for key in before if key not in after]
    if removed:
        aws.eks.untag_resource(resourceArn=old["arn"], tagKeys=removed)
    if after != before:
        aws.eks.tag_resource(resourceArn=old["arn"], tags=after)


def _label_changes(old: Values, new: Values) -> dict[str, Any]:
    before, after = old.get("labels") or {}, new.get("labels") or {}
    return {
        "addOrUpdateLabels": {key: value for key, value in after.items() if before.get(key) != value},
        "removeLabels": [key for key in before if key not in after],
    }


def _taint_changes(old: Values, new: Values) -> dict[str, Any]:
    before, after = old.get("taints") or [], new.get("taints") or []
    kept = {(taint["key"], taint["effect"]) for taint in after}
    return {
        "addOrUpdateTaints": [taint for taint in after if taint not in before],
        "removeTaints": [taint for taint in before if (taint["key"], taint["effect"]) not in kept],
    }


def _delete(aws: Aws, group: str, _: Values) -> None:
    aws.eks.delete_nodegroup(**_names(group))

    def gone() -> bool:
        names = _names(group)
        return names["nodegroupName"] not in aws.eks.list_nodegroups(clusterName=names["clusterName"])["nodegroups"]

    waiting(gone, f"the deletion of node group {group}")


NODE_GROUP = ResourceType(
    token="aws:eks/nodeGroup:NodeGroup",
    source=f"{SCHEMAS}: internal/service/eks/node_group.go, resourceNodeGroup",
    properties={
        "clusterName": Property(required=True, replaces=True),
        "nodeGroupName": FIXED_OR_GIVEN,
        "nodeRoleArn": Property(required=True, replaces=True),
        "subnetIds": Property(required=True, replaces=True, unordered=True),
        "scalingConfig": Property(required=True),
        "amiType": FIXED_OR_GIVEN,
        "capacityType": FIXED_OR_GIVEN,
        "diskSize": FIXED_OR_GIVEN,
        "instanceTypes": FIXED_OR_GIVEN,
        "labels": Property(),
        "taints": Property(unordered=True),
        "updateConfig": Property(computed=True),
        # Changeable on AWS by a rolling update of the nodes, which nothing here performs: a new group instead.
        "releaseVersion": FIXED_OR_GIVEN,
        "version": FIXED_OR_GIVEN,
        "forceUpdateVersion": Property(unread=True),
        "arn": OUTPUT,
        "status": OUTPUT,
    },
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    auto_named="nodeGroupName",
    gone=NOT_FOUND,
)

ROWS = (NODE_GROUP,)
