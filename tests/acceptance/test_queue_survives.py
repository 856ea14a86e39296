"""Accepted mail outlives what happens to a sender, and a hold keeps all of it, whatever is deployed meanwhile.

By the receivers' own counts in the end: each message once. The steps build on each other, so they are one test.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.soak.copies import Copy
from cli.cluster import Cluster
from cli.demo import count, producers
from lab import images, receivers, settings
from tests.acceptance.conftest import ENVIRONMENT, ROOT, WARMLANE
from tests.acceptance.sender import Sender, wait_for
from warmlane import names
from warmlane.config import campaign_file, load_campaign

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1200)]

CAMPAIGN = "spring-sale"
MESSAGES = 60
NOBODY_LISTENS = """
providers:
  alder: {outages: [{begins: 0, seconds: 3600, kind: refuse}]}
  beech: {outages: [{begins: 0, seconds: 3600, kind: refuse}]}
"""


@pytest.fixture
def nobody_listens(deployed: Any, tmp_path: Path) -> Iterator[None]:
    """The two mailbox providers have no listener; afterwards they take everything again."""
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(NOBODY_LISTENS)
    receivers.play(str(scenario))
    yield
    receivers.play("default")


@pytest.fixture
def changed(tmp_path: Path, deployed: Any) -> Iterator[Copy]:
    """The repository with a sender that is to be of another size, which starts new pods."""
    copy = Copy(tmp_path / "copy")
    file = copy.directory / campaign_file(CAMPAIGN, ENVIRONMENT)
    document = yaml.safe_load(file.read_text())
    document["config"]["warmlane:campaign"].setdefault("sender", {})["size"] = "medium"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    yield copy
    subprocess.run([WARMLANE, "up", "--campaign", CAMPAIGN], cwd=ROOT, check=True, capture_output=True, timeout=300)


def test_no_accepted_message_is_lost_and_a_hold_keeps_all(
    cluster: Cluster, nobody_listens: None, changed: Copy, record_property: Callable[[str, object], None]
) -> None:
    campaign, sender = load_campaign(ROOT, CAMPAIGN, ENVIRONMENT), Sender(cluster, CAMPAIGN)
    password = json.loads(settings.SECRETS_FILE.read_text())["submission"][CAMPAIGN]
    sender.settled()
    assert sender.queued() == 0
    producers.ensure(cluster, [campaign], images.ensure(lambda line: None)["producer"].reference)
    began, run = time.time(), f"survive-{int(time.time())}"
    recipients = count.recipients(MESSAGES, list(settings.RECEIVERS)[:2], run)
    assert producers.submit(cluster, campaign, password, run, recipients) == (MESSAGES, None)
    assert sender.queued() == MESSAGES, "there is nobody who takes it"

    sender.killed("gate", "services.sender.gate")
    assert sender.queued() == MESSAGES, "after a SIGKILL of the gate"
    sender.killed("email-sender", "services.sender.postfix")
    assert sender.queued() == MESSAGES, "after a SIGKILL of Postfix's container"

    cluster.kubectl("delete", "pod", sender.pods()[0], "-n", sender.namespace, "--wait=false")
    sender.settled()
    assert sender.queued() == MESSAGES, "a pod that was deleted has handed over what it had"

    workload = f"deployment/{names.deployment(CAMPAIGN)}"
    cluster.kubectl("scale", workload, "--replicas=1", "-n", sender.namespace)
    sender.settled(1)
    assert sender.queued() == MESSAGES, "a pod that is not wanted any more has handed over what it had"
    cluster.kubectl("scale", workload, "--replicas=2", "-n", sender.namespace)
    sender.settled()

    changed.warmlane("hold", "-e", ENVIRONMENT, "-c", CAMPAIGN, "--reason", "A test of the hold.")
    try:
        sender.told(True)
        receivers.play("default")
        before = sender.pods()
        changed.warmlane("up", "--campaign", CAMPAIGN)
        assert sender.pods() == before, "under a hold a deploy starts no new pod"
        cluster.kubectl("delete", "pod", before[0], "-n", sender.namespace, "--wait=false")
        sender.settled()
        sender.told(True)
        assert sender.queued() == MESSAGES, "all is kept, by pods that were handed it as well"
        assert count.of_run(receivers.received(began), run) == {}, "not one message left under the hold"
    finally:
        changed.warmlane("release", "-e", ENVIRONMENT, "-c", CAMPAIGN, "--reason", "The test is over.")
    sender.told(False)

    def taken() -> Counter[str]:
        return Counter(one.message_id for one in receivers.received(began) if one.message_id.strip("<").startswith(run))

    wait_for(lambda: len(taken()) == MESSAGES and sender.queued() == 0, "all messages at the receivers", 300)
    more = sum(taken().values()) - MESSAGES
    record_property("delivered twice", more)
    assert more == 0, "nothing was on its way when anything was killed, so nothing comes twice"
