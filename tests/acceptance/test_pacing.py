"""A lane without history delivers its plan's first step on its first day, by the receivers' own counts."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from bench.soak.copies import ENVIRONMENT, Copy
from cli.cluster import Cluster
from cli.demo import count, producers
from cli.engine import Engine
from lab import images, receivers, settings
from lab.receivers import Receipt
from tests.acceptance import world
from tests.acceptance.conftest import ROOT, WARMLANE, sender_pods
from warmlane import names
from warmlane.campaign import Campaign, Plan
from warmlane.config import campaign_file, load_campaign
from warmlane.pacing.moments import HOURS, moment
from warmlane.warmup.plans import step

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

CAMPAIGN, LANE = "cold-start", f"cold-{uuid4().hex[:8]}"
"""Another lane in each run: the store keeps counters for good, so a lane that has sent is never new again."""
DAY = 120
"""Seconds of the lab's sending day here: an hour is five seconds."""
MESSAGES = 80
"""More than the first day carries, less than each of two pods may keep for the ten days for which mail may wait."""
FIRST_STEP = step(Plan.MODERATE, 1)
QUEUES = """
import json, sys
from services.sender.gate import queues
from services.sender.settings import SPOOL
json.dump(queues.sizes(SPOOL), sys.stdout)
"""
LIMIT = """
import re, urllib.request
text = urllib.request.urlopen("http://127.0.0.1:9100/metrics", timeout=5).read().decode()
found = re.search(r"^sender_limit_messages ([0-9.]+)$", text, re.MULTILINE)
print(int(float(found[1])) if found else 0)
"""


@pytest.fixture
def cold(tmp_path: Path, engine: Engine) -> Iterator[Copy]:
    """A copy in which a campaign holds a lane that never sent; sending days are short, and the pack allows it.

    The other campaigns are not deployed from it, so they keep the day of 24 hours.
    """
    copy = Copy(tmp_path / "copy")
    copy.add_campaign(CAMPAIGN, LANE)
    path = copy.directory / f"Pulumi.{ENVIRONMENT}.yaml"
    document = yaml.safe_load(path.read_text())
    body = document["config"]["warmlane:environment"]
    today = datetime.now(UTC).date().isoformat()
    body["lanes"][LANE], body["leases"][CAMPAIGN] = {"started": today}, {"lane": LANE, "since": today}
    body["day_length"] = DAY
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    file = copy.directory / campaign_file(CAMPAIGN, ENVIRONMENT)
    document = yaml.safe_load(file.read_text())
    document["config"]["warmlane:campaign"] |= {"wanted_by": "2099-12-31", "max_backlog_days": 10}
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    rules = copy.directory / f"policies/config/{ENVIRONMENT}.json"
    rules.write_text(json.dumps({**json.loads(rules.read_text()), "day-length-shipped": {"shortest": DAY}}))
    try:
        # A new lease is given only by what is known of late.
        copy.warmlane("snapshot", "--environment", ENVIRONMENT)
        copy.warmlane("up")
        copy.warmlane("up", "--campaign", CAMPAIGN)
        yield copy
    finally:
        copy.warmlane("destroy", "--campaign", CAMPAIGN, "--yes", "--discard", "the test is over")
        world.unprotect(engine, LANE)
        subprocess.run([WARMLANE, "up"], cwd=ROOT, check=True, capture_output=True, timeout=300)


def submitted(cluster: Cluster, campaign: Campaign, password: str, run: str) -> None:
    producers.ensure(cluster, [campaign], images.ensure(lambda line: None)["producer"].reference)
    recipients = count.recipients(MESSAGES, list(settings.RECEIVERS), run)
    assert producers.submit(cluster, campaign, password, run, recipients) == (MESSAGES, None)


def delivered(began: float, run: str, campaign: Campaign) -> list[Receipt]:
    return count.of_run(receivers.received(began), run).get(campaign.sending_domain, [])


def queued(cluster: Cluster) -> int:
    """Messages that wait in all pods of the sender."""
    space = names.namespace(CAMPAIGN)
    pods = [pod["metadata"]["name"] for pod in sender_pods(cluster, CAMPAIGN)]
    return sum(sum(cluster.python(space, pod, QUEUES, None, container="gate").values()) for pod in pods)


def next_day() -> float:
    """When the next sending day begins, seconds since 1970 UTC."""
    return (moment(time.time(), DAY).day + 1) * DAY


def wait_until(when: float) -> None:
    time.sleep(max(0.0, when - time.time()))


def open_now(cluster: Cluster) -> bool:
    """Whether both replicas know what the lane may send today."""
    space = names.namespace(CAMPAIGN)
    pods = [pod["metadata"]["name"] for pod in sender_pods(cluster, CAMPAIGN)]
    limits = [cluster.python(space, pod, LIMIT, None, container="gate") for pod in pods]
    return len(pods) == 2 and limits == [FIRST_STEP] * 2


def test_a_lane_without_history_delivers_its_first_step_and_keeps_the_rest(cluster: Cluster, cold: Copy) -> None:
    campaign = load_campaign(cold.directory, CAMPAIGN, ENVIRONMENT)
    password = json.loads((cold.directory / ".lab/secrets.json").read_text())["submission"][CAMPAIGN]
    deadline = time.monotonic() + 150
    # The keeper registers the lane once the kubelet has brought the changed lease table into its pod.
    while not open_now(cluster):
        assert time.monotonic() < deadline, "the lane is not open: see the logs of the store's keeper and of the gates"
        time.sleep(2)
    day, run = next_day(), f"cold-{int(time.time())}"
    wait_until(day)
    submitted(cluster, campaign, password, run)
    hour = DAY / HOURS
    assert time.time() < day + DAY - 4 * hour, "the machine is too slow: the messages were not in before the day's end"
    wait_until(day + DAY - 0.5)
    first = delivered(day, run, campaign)
    assert [receipt for receipt in first if receipt.time >= day + DAY] == []
    assert len(first) == FIRST_STEP, "by the receivers' count"
    assert queued(cluster) + len(delivered(day, run, campaign)) == MESSAGES, "the rest is kept"
    wait_until(day + 2 * DAY)
    assert len(delivered(day, run, campaign)) == MESSAGES, "the second day carries the rest"
    for number in range(1, HOURS):
        till = [receipt for receipt in first if receipt.time < day + number * hour]
        assert len(till) <= -(-FIRST_STEP * number // HOURS), f"sending hour {number}"
