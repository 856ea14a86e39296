"""A lane that is taken away may go, though a refresh shows the pack what is about to go; what stays is judged still."""

from __future__ import annotations

import json

import pytest

from tests.policies.engine.test_after_creation import deployed, found
from tests.policies.engine.world import World

__all__ = ["deployed", "found"]

GONE, KEPT = "ochre", "cobalt"
UNPROTECT = f"""

def unprotected(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    if args.name == "{KEPT}-address":
        args.opts.protect = False
    return pulumi.ResourceTransformationResult(args.props, args.opts)


pulumi.runtime.register_stack_transformation(unprotected)
"""


@pytest.fixture
def without(deployed: World) -> World:
    """The lanes of `prod`, made, and one of them unprotected and taken out of the config since."""
    for resource in json.loads(deployed.command("stack", "export", "-s", "prod").output)["deployment"]["resources"]:
        if resource.get("protect") and resource["urn"].rpartition("::")[2].startswith(GONE):
            assert deployed.command("state", "unprotect", resource["urn"], "--yes", "-s", "prod").code == 0
    lanes, leases = deployed.config("prod")["lanes"], deployed.config("prod")["leases"]
    del lanes[GONE]
    deployed.change("prod", lanes=lanes, leases={id_: one for id_, one in leases.items() if one["lane"] != GONE})
    return deployed


def test_a_lane_that_is_taken_away_may_go(without: World) -> None:
    refreshing = ("-s", "prod", "--refresh", "--policy-pack", "policies")
    program = without.directory / "infra/__main__.py"
    text = program.read_text()
    imports, rest = text.split("name = pulumi.get_stack()")
    program.write_text(f"{imports}{UNPROTECT}\nname = pulumi.get_stack(){rest}")
    ran = without.command("preview", *refreshing)
    (refused,) = ran.record.violations
    assert ran.code != 0 and f"Eip {KEPT}-address is not protected" in refused.message, ran.output
    program.write_text(text)
    for verb, confirmed in (("preview", ()), ("up", ("--yes",))):
        ran = without.command(verb, *refreshing, *confirmed)
        assert ran.code == 0 and ran.record.violations == [], ran.output
    left = json.loads(without.command("stack", "export", "-s", "prod").output)["deployment"]["resources"]
    assert not [one["urn"] for one in left if one["urn"].rpartition("::")[2].startswith(GONE)]
    assert [one["urn"] for one in left if one["urn"].endswith(f"::{KEPT}-address")]
    ran = without.command("policy", "analyze", "-s", "prod", "--policy-pack", "policies")
    assert ran.code == 0, ran.output
