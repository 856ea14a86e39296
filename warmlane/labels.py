"""Labels and tags, one function for each kind of owner."""

from __future__ import annotations

from warmlane import names

CAMPAIGN = "warmlane.dev/campaign"
LANE = "warmlane.dev/lane"
ENVIRONMENT = "warmlane.dev/environment"
NAME = "warmlane.dev/name"
"""AWS tag that carries a resource's logical name, so that one that state does not know can be found again."""


def _common(name: str, component: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "warmlane",
        "app.kubernetes.io/managed-by": "pulumi",
    }


def campaign(campaign_id: str, lane: str, component: str) -> dict[str, str]:
    """Labels of a Kubernetes object of a campaign.

    `component` is the object's part: `sender`, `isolation`, `monitoring`. The `app` label is the origin's and is what
    the Deployment, the Service and the network policies select by.
    """
    return {
        **_common("email-sender", component),
        "app.kubernetes.io/instance": names.deployment(campaign_id),
        "app": names.app(campaign_id),
        CAMPAIGN: campaign_id,
        LANE: lane,
    }


def platform(name: str, component: str, environment: str) -> dict[str, str]:
    """Labels of a Kubernetes object of an environment, such as `prometheus` of the component `monitoring`."""
    return {**_common(name, component), ENVIRONMENT: environment}


def lane(lane_id: str, environment: str) -> dict[str, str]:
    """Labels of a Kubernetes object that belongs to a lane."""
    return {**platform("lane", "egress", environment), LANE: lane_id}


def aws_tags(logical_name: str, environment: str, lane_id: str | None = None) -> dict[str, str]:
    """Tags of an AWS resource: `Name`, environment, logical name in the stack and, of a lane's resource, the lane."""
    tags = {"Name": f"{environment}-{logical_name}", ENVIRONMENT: environment, NAME: logical_name}
    return {**tags, LANE: lane_id} if lane_id else tags
