"""`prod` and its campaign pass their very first previews: nothing is deployed, and every id and address is unknown."""

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


def test_a_campaign_passes_its_first_preview(world: World, cluster: Cluster, endpoint: str) -> None:
    stack, there = "receipts.prod", "campaigns"
    world.settle(cluster, endpoint, "prod")
    world.fill("prod")
    assert world.command("stack", "select", "--create", stack, directory=there).code == 0
    secret = ("config", "set", "--secret", "warmlane:submission_password", "a-password", "-s", stack)
    assert world.command(*secret, directory=there).code == 0
    ran = world.command("preview", "-s", stack, "--policy-pack", "../policies", directory=there)
    assert ran.code == 0, ran.output
    assert ran.record.violations == [], "no rule may say anything of the engine's own provider, or of anything else"
    assert ran.record.changes["create"] > 15
