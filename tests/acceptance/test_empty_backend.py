"""An empty backend: plain `pulumi` makes what `warmlane up` makes, and a first `up` that is killed is taken up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import Any

import pytest

from cli.cluster import Cluster
from cli.engine import Engine
from cli.stacks import Stack, campaign_stack, environment_stack
from tests.acceptance.conftest import CAMPAIGNS, ENVIRONMENT, ROOT, WARMLANE, engine_of
from warmlane import names, queued_mail

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

STACKS = [environment_stack(ENVIRONMENT), *(campaign_stack(campaign, ENVIRONMENT) for campaign in CAMPAIGNS)]


def pulumi(engine: Engine, stack: Stack, *words: str) -> str:
    """Plain `pulumi`, as a person types it in the stack's project."""
    command = ["pulumi", *words, "--non-interactive"]
    directory = ROOT / stack.directory
    result = subprocess.run(
        command, cwd=directory, env=engine.variables, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, f"pulumi {' '.join(words)} in {directory}:\n{result.stdout}\n{result.stderr}"
    return result.stdout


def urns(engine: Engine, stack: Stack) -> set[str]:
    return {resource["urn"] for resource in engine.deployment(stack).get("resources") or []}


def empty(engine: Engine, cluster: Cluster) -> None:
    """Removes everything that is deployed, and the stacks."""
    for stack in reversed(STACKS):
        if stack == environment_stack(ENVIRONMENT):
            # While the lease table stands, a destroy asks the program whether a campaign lives.
            pulumi(engine, stack, "destroy", "--yes", "--run-program", "--exclude-protected", "-s", stack.name)
            # Only here, where the lanes are the lab's: an address that is released loses its reputation.
            pulumi(engine, stack, "state", "unprotect", "--all", "--yes", "-s", stack.name)
        else:
            # Plain `pulumi destroy` looks into no queue, so the API server wants to hear what becomes of it.
            namespace, mark = (
                names.namespace(stack.name.partition(".")[0]),
                f"{queued_mail.MARK}={queued_mail.DISCARDED}",
            )
            cluster.kubectl("annotate", "namespace", namespace, "--overwrite", mark)
        pulumi(engine, stack, "destroy", "--yes", "-s", stack.name)
        pulumi(engine, stack, "stack", "rm", "--yes", "--preserve-config", "-s", stack.name)


def changed(verb: str) -> list[int]:
    """How much a verb on everything changed or would change, by stack."""
    run = subprocess.run([WARMLANE, "--json", verb, "--all"], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
    return [stack["changed"] for stack in json.loads(run.stdout)["stacks"]]


def test_plain_up_makes_the_same_resources_and_warmlane_finds_nothing_to_change(
    engine: Engine, cluster: Cluster
) -> None:
    before = {stack.name: urns(engine, stack) for stack in STACKS}
    assert all(before.values()), "the deployed stacks have no resources to compare with"
    empty(engine, cluster)
    for stack in STACKS:
        pack = "policies" if stack.directory == "." else "../policies"
        pulumi(engine, stack, "stack", "select", "--create", stack.name)
        pulumi(engine, stack, "up", "--yes", "-s", stack.name, "--policy-pack", pack)
    assert {stack.name: urns(engine, stack) for stack in STACKS} == before
    assert changed("up") == [0] * len(STACKS)


@pytest.mark.parametrize("after", [0.3, 1.5], ids=lambda seconds: f"killed after {seconds} s")
def test_a_killed_first_update_of_an_environment_is_taken_up(
    engine: Engine, cluster: Cluster, addresses: Any, after: float
) -> None:
    before = {stack.name: urns(engine, stack) for stack in STACKS}
    empty(engine, cluster)
    assert addresses.describe_addresses()["Addresses"] == []
    running = subprocess.Popen([WARMLANE, "up"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    # The lock is taken by the update, after the preview has passed.
    pid = engine_of(STACKS[0], seconds=120)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    running.communicate(timeout=120)
    changed("up")
    assert {stack.name: urns(engine, stack) for stack in STACKS} == before
    made = addresses.describe_addresses()["Addresses"]
    lanes = engine.outputs(STACKS[0])["lanes"].values()
    assert sorted(one["PublicIp"] for one in made) == sorted(lane["address"] for lane in lanes), (
        "the killed run left an address that no lane has"
    )
    assert changed("preview") == [0] * len(STACKS)
