"""A policy config that the pack or the engine refuses ends a preview and an update as a refusal, with its message."""

from __future__ import annotations

import json
import os

import pytest

from cli.ending import explained
from cli.engine import Engine, Run
from cli.outcome import Code
from cli.stacks import environment_stack
from policies import pack
from tests.policies.engine.world import World


def ran(world: World, verb: str, document: object, environment: str = "prod") -> Run:
    """A verb on an environment whose pack is configured by a document, as `warmlane` runs it."""
    (world.directory / pack.DIRECTORY / f"{environment}.json").write_text(json.dumps(document))
    stack = environment_stack(environment)
    path = os.pathsep.join([str(world.pulumi.parent), world.variables["PATH"]])
    engine = Engine(world.directory, environment, {**world.variables, "PATH": path})
    engine.create(stack)
    return engine.run(stack, verb)


@pytest.mark.parametrize("verb", ["preview", "up"])
@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"no-wide-allow": "advisory"}, "in prod every rule is mandatory; remove the level"),
        ({"no-wide-alow": {}}, "there is no such rule; rules: address-protected, "),
    ],
)
def test_a_refused_config_is_a_refusal(world: World, verb: str, document: object, text: str) -> None:
    run = ran(world, verb, document)
    assert run.code is Code.REFUSED, run.output
    assert run.record.planned == run.changed == 0
    (told,) = explained(run)
    assert told.startswith("policies/config/prod.json: 1 problem\n") and text in told, told
    assert "configuring policy pack" not in told


def test_the_engine_tells_the_pack_which_environments_config_holds(world: World) -> None:
    run = ran(world, "preview", {"no-wide-alow": {}}, "dev")
    assert run.code is Code.REFUSED and explained(run)[0].startswith("policies/config/dev.json: 1 problem"), run.output


def test_what_the_engine_says_of_a_given_config_is_a_refusal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that --policy-pack-config names the engine knows the rules' schemas; the pack knows the levels."""
    given = world.directory / "given.json"
    monkeypatch.setattr("cli.stacks.Stack.pack", ["--policy-pack", "policies", "--policy-pack-config", str(given)])
    given.write_text(json.dumps({"new-lanes-a-week": {"most": "many"}}))
    run = ran(world, "preview", {})
    assert run.code is Code.REFUSED and "new-lanes-a-week: most: Invalid type" in "".join(explained(run)), run.output
    given.write_text(json.dumps({"no-wide-allow": "disabled"}))
    run = ran(world, "preview", {})
    assert run.code is Code.REFUSED, run.output
    assert explained(run)[0].startswith("The pack's config makes no-wide-allow disabled, and in prod"), run.output
