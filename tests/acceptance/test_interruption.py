"""A run that is killed is taken up by the next one, with nothing left over."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from cli import main
from cli.cluster import Cluster
from cli.engine import Engine
from cli.found import known_ids
from cli.stacks import campaign_stack, environment_stack
from tests.acceptance.conftest import ENVIRONMENT, ROOT, WARMLANE, Copy, engine_of
from tests.acceptance.world import Thing, things
from warmlane import labels

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

CAMPAIGN = "newsletter"
STACK = campaign_stack(CAMPAIGN, ENVIRONMENT)


def warmlane(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([WARMLANE, *words], cwd=ROOT, capture_output=True, text=True, timeout=600)


def names_of(found: set[Thing]) -> set[tuple[str, ...]]:
    """What there is, without what changes when one is made anew, such as the address of a Service."""
    return {item[:3] for item in found if item[0] != "IPAddress"}


@pytest.mark.parametrize("after", [0.3, 1.5], ids=lambda seconds: f"killed after {seconds} s")
def test_a_killed_update_is_taken_up(engine: Engine, cluster: Cluster, after: float) -> None:
    before = things(cluster)
    gone = warmlane("destroy", "--campaign", CAMPAIGN, "--yes", "--discard", "the test ends")
    assert gone.returncode == 0, gone.stdout + gone.stderr
    running = subprocess.Popen(
        [WARMLANE, "up", "--campaign", CAMPAIGN], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    # The lock is taken by the update, after the preview has passed.
    pid = engine_of(STACK, seconds=120)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    said, _ = running.communicate(timeout=120)
    assert running.returncode == 3, said
    again = warmlane("up", "--campaign", CAMPAIGN)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "cleared the lock" in again.stdout
    assert names_of(things(cluster)) == names_of(before)
    assert not engine.deployment(STACK).get("pending_operations")
    preview = warmlane("--json", "preview", "--campaign", CAMPAIGN)
    assert '"changed": 0' in preview.stdout, preview.stdout


def test_an_address_that_an_interrupted_run_left_is_adopted(
    engine: Engine, copy: Copy, addresses: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = environment_stack(ENVIRONMENT)
    lane = {"started": "2026-11-01"}
    tags = [{"Key": key, "Value": value} for key, value in labels.aws_tags("cedar-address", "dev", "cedar").items()]
    made = addresses.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    copy.change("Pulumi.dev.yaml", {"lanes.cedar": lane})
    try:
        code = main.main(["up"])
        said = capsys.readouterr()
        assert code == 0, said.out + said.err
        assert known_ids(engine.deployment(stack))["cedar-address"] == made["AllocationId"]
        found = addresses.describe_addresses(Filters=[{"Name": "tag:warmlane.dev/name", "Values": ["cedar-address"]}])
        assert len(found["Addresses"]) == 1, "it was adopted, and no second one was made"
    finally:
        # A lane is protected; a test's lane is the only one that may go again.
        for resource in engine.deployment(stack)["resources"]:
            if resource.get("protect") and "cedar" in resource["urn"].rpartition("::")[2]:
                command = ["pulumi", "state", "unprotect", resource["urn"], "--yes", "-s", stack.name]
                subprocess.run(command, cwd=ROOT, env=engine.variables, check=True, capture_output=True, timeout=60)
        assert warmlane("up").returncode == 0
    left = addresses.describe_addresses(Filters=[{"Name": "tag:warmlane.dev/name", "Values": ["cedar-address"]}])
    assert left["Addresses"] == []
