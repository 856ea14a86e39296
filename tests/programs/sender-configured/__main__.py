"""The campaign's sender without the ConfigMap that holds its schedule."""

from pulumi_kubernetes.apps.v1 import Deployment

from components.sender_workload import deployment_spec
from tests.programs.parts import CAMPAIGN, LANE, campaign, environment, in_cluster, metadata
from warmlane import names

Deployment(
    "sender",
    metadata=metadata(names.deployment(CAMPAIGN)),
    spec=deployment_spec(campaign(), environment(), LANE),
    opts=in_cluster(),
)
