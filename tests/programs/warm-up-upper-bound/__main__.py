"""A first day above the fastest of the published warm-ups, without an override."""

import json

from pulumi_kubernetes.core.v1 import ConfigMap

from tests.programs.parts import LANE, campaign, environment, in_cluster, metadata
from warmlane import names
from warmlane.sender_config import CONFIG_KEY, sender_config

here = environment()
document = sender_config(campaign(), LANE, here.lanes[LANE], here.leases[campaign().id], here)
document["warm_up"]["limits"] = [1_250_000, document["daily_volume"]]
ConfigMap(
    "config",
    metadata=metadata(names.SENDER_CONFIG_MAP),
    data={CONFIG_KEY: json.dumps(document)},
    opts=in_cluster(),
)
