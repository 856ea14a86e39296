"""A sender whose queue lies on volumes, of a campaign that is committed to hand its queue over."""

from pulumi_kubernetes.apps.v1 import StatefulSet

from components.sender_workload import stateful_set_spec
from tests.programs.parts import CAMPAIGN, LANE, campaign, environment, in_cluster, metadata
from warmlane import names

StatefulSet(
    "sender",
    metadata=metadata(names.deployment(CAMPAIGN)),
    spec=stateful_set_spec(campaign(), environment(), LANE),
    opts=in_cluster(),
)
