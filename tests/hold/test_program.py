"""A hold and the campaign's program on Pulumi's real engine, with the policy pack and a real API server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import toolchain
from lab.aws.account import Account
from lab.aws.server import fresh, listening
from policies.rules import RULES
from tests.hold.conftest import refusal, wait
from tests.hold.readiness import pods_are_ready
from tests.policies.engine.world import Ran, World, know_cilium
from tests.policies.engine.world import world as copied
from tests.policies.recording import IMAGE
from tests.standins.kubernetes import api_server
from tests.standins.kubernetes.api_server import Cluster
from warmlane import hold, queued_mail

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

ENVIRONMENT, CAMPAIGN, STACK = "dev", "spring-sale", "spring-sale.dev"
NAMESPACE = f"/api/v1/namespaces/campaign-{CAMPAIGN}"
DEPLOYMENT = f"/apis/apps/v1/namespaces/campaign-{CAMPAIGN}/deployments/email-sender-campaign-{CAMPAIGN}"
RECORD = f"/api/v1/namespaces/warmlane-platform/configmaps/sender-hold-{CAMPAIGN}"
QUOTAS = f"{NAMESPACE}/resourcequotas"
MIRROR = f"{NAMESPACE}/configmaps/{hold.MIRROR}"
CONFIG = f"campaigns/Pulumi.{STACK}.yaml"
ANOTHER = IMAGE.partition("@")[0] + "@sha256:" + "cd" * 32
"""The sender's image of another build."""
LIST = "newsletter"
LIST_STACK = f"{LIST}.{ENVIRONMENT}"
LIST_SPACE = f"/api/v1/namespaces/campaign-{LIST}"
SET = f"/apis/apps/v1/namespaces/campaign-{LIST}/statefulsets/email-sender-campaign-{LIST}"
LESS = 900_000
KEY = base64.b64encode(bytes(range(32))).decode()
"""Of a reflector that nobody asks."""
NEVER_READY = {"infra": "kubernetes:", "campaigns": "kubernetes:core/v1:Service"}
"""By program, what is not waited for: a Service has no endpoints where its pods have no node."""
MAIN = """
from tests.hold import impatient
impatient.install({prefix!r})
from components.committed import or_refusal
from {program}.program import run
or_refusal(run)
"""


@dataclass
class Deployed:
    """An environment and its campaign, made by their own programs."""

    world: World
    cluster: Cluster
    config: str

    def run(self, verb: str, *more: str) -> Ran:
        confirmed = () if verb == "preview" else ("--yes",)
        packed = () if verb == "destroy" else ("--policy-pack", "../policies")
        return self.world.command(verb, "-s", STACK, *confirmed, *packed, *more, directory="campaigns")

    def change_sender(self, *, daily_volume: int | None = None, **values: Any) -> None:
        """Changes keys of the committed campaign's `sender`, and how much it sends."""
        document = yaml.safe_load(self.config)
        campaign = document["config"]["warmlane:campaign"]
        campaign["sender"] = campaign.get("sender", {}) | values
        campaign["daily_volume"] = daily_volume or campaign["daily_volume"]
        (self.world.directory / CONFIG).write_text(yaml.safe_dump(document, sort_keys=False))

    def force(self, reason: str) -> None:
        """Sets the key by which pods are changed under a hold."""
        path = self.world.directory / CONFIG
        document = yaml.safe_load(path.read_text())
        document["config"]["warmlane:force_change_under_hold"] = reason
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def planned(self, kind: str) -> list[str]:
        """What the last preview would do with the stack's objects of a kind."""
        events = [json.loads(line) for line in (self.world.directory / "events.json").read_text().splitlines()]
        steps = [event["resourcePreEvent"]["metadata"] for event in events if event.get("resourcePreEvent")]
        return [step["op"] for step in steps if step["type"].endswith(f":{kind}")]

    def mark(self, mark: str) -> None:
        """Says what became of the campaign's queue, as `warmlane destroy` does."""
        metadata = {"name": f"campaign-{CAMPAIGN}", "annotations": {queued_mail.MARK: mark}}
        self.cluster.apply(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def decide(self, sequence: int, level: hold.Level, throttle: str = "0") -> hold.Record:
        """Writes the record as `warmlane hold` does, and not the mirror."""
        since = datetime(2026, 11, 24, 18, tzinfo=UTC)
        record = hold.Record(
            level=level, sequence=sequence, reason="Blocked.", by="ops", since=since, throttle=throttle
        )
        self.cluster.apply(RECORD, hold.record_manifest(CAMPAIGN, record.text()))
        return record

    @property
    def pods(self) -> tuple[int, dict[str, Any]]:
        """The Deployment's generation, which grows by each change of its spec, and its spec."""
        found = self.cluster.get(DEPLOYMENT)
        return found["metadata"]["generation"], found["spec"]


def succeeded(ran: Ran) -> Ran:
    assert ran.code == 0, ran.output
    return ran


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of its own: what it refuses, the environment's program had it refuse."""
    with api_server.running(toolchain.ensure(print), tmp_path_factory.mktemp("cluster")) as cluster:
        know_cilium(cluster)
        yield cluster


@pytest.fixture(scope="module")
def deployed(empty: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    world = copied(tmp_path_factory.mktemp("world"))
    kubectl = toolchain.ensure(print).path("kubectl").parent
    world.variables["PATH"] = f"{kubectl}:{world.variables['PATH']}"
    for program, prefix in NEVER_READY.items():
        (world.directory / program / "__main__.py").write_text(MAIN.format(program=program, prefix=prefix))
    with listening() as endpoint, fresh(Account()), pods_are_ready(empty, f"campaign-{CAMPAIGN}"):
        world.settle(empty, endpoint, ENVIRONMENT)
        # The lab's files are those of a running lab.
        reflector = {"address": world.config(ENVIRONMENT)["reflector"]["address"], "public_key": KEY}
        world.change(ENVIRONMENT, images_file=None, secrets_file=None, reflector=reflector)
        world.fill(ENVIRONMENT)
        succeeded(world.command("up", "--yes", "-s", ENVIRONMENT))
        succeeded(world.command("stack", "select", "--create", STACK, directory="campaigns"))
        secret = ("config", "set", "--secret", "warmlane:submission_password", "a-password", "-s", STACK)
        succeeded(world.command(*secret, directory="campaigns"))
        found = Deployed(world, empty, (world.directory / CONFIG).read_text())
        succeeded(found.run("up"))
        yield found


@pytest.fixture
def sender(deployed: Deployed) -> Deployed:
    """The campaign with the stack file that was deployed first, and without a hold."""
    (deployed.world.directory / CONFIG).write_text(deployed.config)
    for path in (RECORD, MIRROR):
        if deployed.cluster.find(path) is not None:
            deployed.cluster.api.delete(path, "Background")
    return deployed


def test_while_a_hold_stands_no_deploy_touches_the_pods(sender: Deployed) -> None:
    before, quota = sender.pods, sender.cluster.get(QUOTAS)["items"][0]["spec"]
    sender.change_sender(size="large", image=ANOTHER, daily_volume=LESS)
    succeeded(sender.run("preview"))
    assert sender.planned("Deployment") == ["update"], "without a hold the change reaches the pods"
    sender.decide(1, hold.Level.QUARANTINED)
    for words in (("up",), ("up", "--refresh")):
        ran = succeeded(sender.run(*words))
        assert f"{CAMPAIGN} is quarantined since 2026-11-24 18:00 (UTC) by ops: Blocked." in ran.output
        assert "stay as they are deployed" in ran.output
        assert set(ran.record.passed) == {rule.name for rule in RULES}, "the pack judges what stands"
        assert sender.pods == before, f"{words} changed the pods that keep the mail"
    assert sender.cluster.get(QUOTAS)["items"][0]["spec"] == quota, "a kept pod that is made again must fit"
    config = json.loads(sender.cluster.get(f"{NAMESPACE}/configmaps/sender-config")["data"]["config.json"])
    assert config["daily_volume"] == LESS, "what a sender takes over without another pod is deployed"
    sender.decide(2, hold.Level.RETIRED)
    succeeded(sender.run("preview"))
    assert sender.planned("Deployment") == ["same"]
    sender.decide(3, hold.Level.NONE, "1")
    succeeded(sender.run("preview"))
    assert sender.planned("Deployment") == ["update"], "what was held back is done after the release"


def test_a_throttled_campaign_is_told_and_deployed(sender: Deployed) -> None:
    sender.decide(1, hold.Level.THROTTLED, "0.25")
    sender.change_sender(size="large")
    assert "throttled to 0.25" in succeeded(sender.run("preview")).output
    assert sender.planned("Deployment") == ["update"]


def test_what_can_not_be_read_stands(sender: Deployed) -> None:
    sender.cluster.apply(RECORD, hold.record_manifest(CAMPAIGN, "{"))
    sender.change_sender(size="large")
    ran = succeeded(sender.run("preview"))
    assert "on hold, as its record can't be read" in ran.output and sender.planned("Deployment") == ["same"]


def test_a_silent_cluster_is_told_in_preview_and_refused_in_an_update(sender: Deployed, tmp_path: Path) -> None:
    before, path = sender.pods, sender.world.variables["PATH"]
    (tmp_path / "kubectl").write_text("#!/bin/sh\necho 'Unable to connect to the server' >&2\nexit 1\n")
    (tmp_path / "kubectl").chmod(0o755)
    sender.change_sender(size="large")
    sender.world.variables["PATH"] = f"{tmp_path}:{path}"
    try:
        ran = succeeded(sender.run("preview"))
        assert "`up` will refuse this" in ran.output and f"whether a hold stands on {CAMPAIGN}" in ran.output
        ran = sender.run("up", "--skip-preview")
        assert ran.code != 0 and "Unable to connect to the server" in ran.output
    finally:
        sender.world.variables["PATH"] = path
    assert sender.pods == before, "nobody may change pods that may keep held mail"


def test_a_change_is_forced_with_a_reason_only(sender: Deployed) -> None:
    before, _ = sender.pods
    record = sender.decide(1, hold.Level.QUARANTINED)
    sender.change_sender(size="large")
    sender.force("")
    assert "is empty. Give the reason" in sender.run("preview").output
    sender.force("the image has a hole")
    ran = succeeded(sender.run("up"))
    assert "the image has a hole" in ran.output and sender.pods[0] > before
    assert hold.of_config_map(sender.cluster.get(MIRROR)) == record, "a changed pod finds its hold"
    sender.decide(2, hold.Level.NONE, "1")
    assert "take it away" in succeeded(sender.run("preview")).output


def test_a_sender_with_volumes_is_held_made_smaller_and_never_changed_into_another(deployed: Deployed) -> None:
    world, cluster = deployed.world, deployed.cluster
    file = world.directory / f"campaigns/Pulumi.{LIST_STACK}.yaml"

    def run(verb: str, *more: str, **changes: Any) -> Ran:
        document = yaml.safe_load(file.read_text())
        document["config"]["warmlane:campaign"] |= changes
        file.write_text(yaml.safe_dump(document, sort_keys=False))
        return world.command(verb, "-s", LIST_STACK, *more, "--policy-pack", "../policies", directory="campaigns")

    def claims() -> set[str]:
        return {one["metadata"]["name"] for one in cluster.get(f"{LIST_SPACE}/persistentvolumeclaims")["items"]}

    succeeded(world.command("stack", "select", "--create", LIST_STACK, directory="campaigns"))
    secret = ("config", "set", "--secret", "warmlane:submission_password", "a-password", "-s", LIST_STACK)
    succeeded(world.command(*secret, directory="campaigns"))
    with pods_are_ready(cluster, f"campaign-{LIST}"):
        made = succeeded(run("up", "--yes", spool="persistent"))
        assert set(made.record.passed) == {rule.name for rule in RULES}
        both = {f"spool-email-sender-campaign-{LIST}-{ordinal}" for ordinal in (0, 1)}
        wait(lambda: claims() == both, "a volume for each pod")
        before = cluster.get(SET)["spec"]
        record = hold.Record(
            level=hold.Level.QUARANTINED, sequence=1, reason="Blocked.", by="ops", since=datetime.now(UTC), throttle="0"
        )
        place = f"/api/v1/namespaces/warmlane-platform/configmaps/sender-hold-{LIST}"
        cluster.apply(place, hold.record_manifest(LIST, record.text()))
        succeeded(run("up", "--yes", sender={"image": ANOTHER}))
        assert cluster.get(SET)["spec"] == before, "a hold keeps the pods as they are deployed"
        cluster.api.delete(place, "Background")
        succeeded(run("up", "--yes", sender={"replicas": 1}))
        assert cluster.get(SET)["spec"]["replicas"] == 1 and claims() == both, "what was accepted stays on its volume"
    other = run("up", "--yes", "--skip-preview", spool="handover")
    assert other.code != 0 and "is deployed with `spool: persistent`" in other.output
    assert cluster.find(SET) is not None


def test_a_sender_made_again_finds_its_hold(sender: Deployed) -> None:
    """The mirror goes with the namespace: before the first pod starts it is there again."""
    record = sender.decide(5, hold.Level.QUARANTINED)
    sender.mark(queued_mail.DISCARDED)
    assert refusal(sender.cluster, NAMESPACE) == ""
    wait(lambda: sender.cluster.find(NAMESPACE) is None, "the namespace's end")
    succeeded(sender.run("up", "--refresh"))
    assert sender.cluster.find(DEPLOYMENT) is not None
    assert hold.of_config_map(sender.cluster.get(MIRROR)) == record, "a new sender would send under a hold"


def test_a_plain_destroy_is_refused_until_the_queue_is_settled(sender: Deployed) -> None:
    """Last, as it ends with nothing. The hook of a hold, which the state knows, does not stand in the way."""
    sender.decide(1, hold.Level.QUARANTINED)
    ran = sender.run("destroy")
    assert ran.code != 0 and f"mail of campaign {CAMPAIGN} may be queued" in ran.output
    assert f"`warmlane destroy -c {CAMPAIGN}`" in ran.output
    assert sender.cluster.find(DEPLOYMENT) is not None and sender.cluster.find(NAMESPACE) is not None
    sender.mark(queued_mail.DRAINED)
    succeeded(sender.run("destroy"))
    wait(lambda: sender.cluster.find(NAMESPACE) is None, "the namespace's end")
    assert sender.cluster.find(RECORD) is not None, "the record outlives the campaign"
