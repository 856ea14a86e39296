"""Tags of EC2 resources, which all work alike."""

from __future__ import annotations

from typing import Any

from lab.standins.aws.clients import Aws
from lab.standins.values import Values


def specification(kind: str, values: Values) -> list[dict[str, Any]]:
    """The TagSpecifications with which a resource is created, so that it never exists without its tags."""
    tags = [{"Key": key, "Value": value} for key, value in values["tagsAll"].items()]
    return [{"ResourceType": kind, "Tags": tags}] if tags else []


def read(found: dict[str, Any]) -> dict[str, str]:
    """A described resource's tags, without those that AWS itself sets."""
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags") or () if not tag["Key"].startswith("aws:")}


def update(aws: Aws, resource_id: str, old: Values, new: Values) -> None:
    """Make the tags those of `new`."""
    before, after = old.get("tagsAll") or {}, new["tagsAll"]
    removed = [{"Key": key} for key in before if key not in after]
    changed = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    if removed:
        aws.ec2.delete_tags(Resources=[resource_id], Tags=removed)
    if changed:
        aws.ec2.create_tags(Resources=[resource_id], Tags=changed)
