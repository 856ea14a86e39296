"""What the programs of this directory have in common: they deploy to the environment `dev` as it is committed."""

from __future__ import annotations

from typing import Any

import pulumi

from components import providers
from components.committed import REPOSITORY
from warmlane import labels, names
from warmlane.campaign import Campaign
from warmlane.config import load_campaign, read_environment
from warmlane.environment import Environment, Images

CAMPAIGN = "spring-sale"
LANE = "amber"
IMAGE = "warmlane.local/sender@sha256:" + "5e" * 32
"""Nothing is ever pulled by it: these programs are refused before anything is created."""


def environment() -> Environment:
    """The environment `dev`, whether or not its images have been built."""
    images = Images(sender=IMAGE, prometheus=IMAGE, alertmanager=IMAGE, postgresql=IMAGE)
    return read_environment(REPOSITORY, "dev").model_copy(update={"images": images})


def campaign() -> Campaign:
    """The campaign `spring-sale`."""
    return load_campaign(REPOSITORY, CAMPAIGN, "dev")


def in_cluster() -> pulumi.ResourceOptions:
    """Options that name the cluster of the environment explicitly."""
    return pulumi.ResourceOptions(provider=providers.kubernetes_provider(environment().cluster))


def metadata(name: str) -> dict[str, Any]:
    """Metadata of an object in the campaign's namespace."""
    return {
        "name": name,
        "namespace": names.namespace(CAMPAIGN),
        "labels": labels.campaign(CAMPAIGN, LANE, "sender"),
    }


def pod_spec(**changes: Any) -> dict[str, Any]:
    """A pod that does nothing, with changes."""
    return {"containers": [{"name": "idle", "image": IMAGE}], **changes}
