"""One of the environment's two lanes; the other one has neither address nor name."""

import pulumi

from components import providers
from components.lane import Lane
from tests.programs.parts import LANE, environment

lanes = environment()
if lanes.aws is None:
    raise pulumi.RunError("the environment dev has no AWS account to allocate an address in")
found = providers.named(providers.kubernetes_provider(lanes.cluster), providers.aws_provider(lanes.aws))
Lane(LANE, environment=lanes, environment_name="dev", opts=pulumi.ResourceOptions(providers=found))
