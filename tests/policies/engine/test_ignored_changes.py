"""What `ignore_changes` keeps is what the pack is shown: a deployed value stays judged, whatever the program says."""

from __future__ import annotations

from tests.policies.engine.world import World
from tests.standins.kubernetes.api_server import Cluster

STACK = "spring-sale.dev"
PROGRAM = """
import pulumi
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from tests.programs.parts import in_cluster, metadata

provider = in_cluster()
name = metadata("wide")["namespace"]
namespace = Namespace("namespace", metadata={{"name": name}}, opts=provider)
NetworkPolicy(
    "wide",
    metadata=metadata("wide"),
    spec={{"podSelector": {{}}, "policyTypes": ["Egress"], "egress": {egress}}},
    opts=pulumi.ResourceOptions.merge(
        provider, pulumi.ResourceOptions(depends_on=[namespace], ignore_changes={ignored})
    ),
)
"""


def test_what_is_kept_is_judged(world: World, cluster: Cluster, endpoint: str) -> None:
    world.settle(cluster, endpoint, "dev")
    main, there = world.directory / "campaigns/__main__.py", "campaigns"
    assert world.command("stack", "select", "--create", STACK, directory=there).code == 0
    main.write_text(PROGRAM.format(egress="[{}]", ignored="[]"))
    made = world.command("up", "--yes", "-s", STACK, directory=there)
    assert made.code == 0, made.output
    for ignored, is_wide in (("[]", False), ('["spec"]', True)):
        main.write_text(PROGRAM.format(egress="[]", ignored=ignored))
        ran = world.command("preview", "-s", STACK, "--policy-pack", "../policies", directory=there)
        told = [one.message for one in ran.record.violations if one.policy == "no-wide-allow"]
        assert any("campaign-spring-sale/wide allows egress" in message for message in told) is is_wide, ran.output
    # The next test's world has the same cluster.
    gone = world.command("destroy", "--yes", "-s", STACK, directory=there)
    assert gone.code == 0, gone.output
