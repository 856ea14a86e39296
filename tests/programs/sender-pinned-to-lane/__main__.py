"""The campaign's sender on lane birch, which another campaign holds."""

from pulumi_kubernetes.apps.v1 import Deployment

from components.sender_workload import deployment_spec
from tests.programs.parts import CAMPAIGN, campaign, environment, in_cluster, metadata
from warmlane import names

Deployment(
    "sender",
    metadata=metadata(names.deployment(CAMPAIGN)),
    spec=deployment_spec(campaign(), environment(), "birch"),
    opts=in_cluster(),
)
