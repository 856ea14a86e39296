"""What the harness refuses the engine refuses too, in preview and in update: a program of each family of rules.

`make soak PART=refusals` asks it all of them.
"""

from __future__ import annotations

import pytest

from tests.policies.engine.world import World, refusals
from tests.programs.cases import EACH_FAMILY, Program
from tests.standins.kubernetes.api_server import Cluster


@pytest.mark.parametrize("program", EACH_FAMILY, ids=lambda program: program.rule)
def test_the_engine_refuses_what_the_harness_refuses(
    program: Program, world: World, cluster: Cluster, endpoint: str
) -> None:
    world.settle(cluster, endpoint, "dev")
    assert refusals(world, program) == []
