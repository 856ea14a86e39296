"""The environment `prod` passes its very first preview: nothing is deployed, and every id and address is unknown."""

from __future__ import annotations

from policies.rules import RULES
from tests.policies.engine.world import World
from tests.standins.kubernetes.api_server import Cluster


def test_prod_passes_its_first_preview(world: World, cluster: Cluster, endpoint: str) -> None:
    world.settle(cluster, endpoint, "prod")
    world.fill("prod")
    ran = world.command("preview", "-s", "prod", "--policy-pack", "policies")
    assert ran.code == 0, ran.output
    assert ran.record.violations == [], "no rule may say anything, advice included"
    assert set(ran.record.passed) == {rule.name for rule in RULES}
    assert ran.record.changes["create"] > 50
