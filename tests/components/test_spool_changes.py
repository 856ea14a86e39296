"""No deploy changes one kind of spool into the other, and pods that go for good know it before they do."""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import mocks

from campaigns import kubectl, spools
from tests.components.conftest import Recorder
from warmlane.campaign import Spool

NAMESPACE = "campaign-spring-sale"
WORKLOAD = "email-sender-campaign-spring-sale"
DEPLOYED = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{WORKLOAD}"
SET = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{WORKLOAD}"


class Cluster:
    """Answers kubectl: `there` by path, and what each pod finds in its configuration after it was touched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *there: str) -> None:
        self.there, self.touched, self.seen = there, list[str](), dict[str, list[str]]()
        monkeypatch.setattr(kubectl, "run", self.run)

    def run(self, context, *arguments, text=None):
        done = type("Done", (), {"returncode": 0, "stdout": "{}", "stderr": ""})()
        if arguments[0] == "get" and arguments[2] not in self.there:
            done.returncode, done.stderr = 1, "Error from server (NotFound): no such thing"
        if arguments[0] == "annotate":
            self.touched.append(f"{arguments[2]} {arguments[-1]}")
        if arguments[0] == "exec":
            looks = self.seen.get(arguments[3], [""])
            done.stdout = looks.pop(0) if len(looks) > 1 else looks[0]
        return done


def persistent(dev, **sender):
    changed = {"spool": Spool.PERSISTENT, "sender": dev.campaign.sender.model_copy(update=sender)}
    return dev.campaign.model_copy(update=changed)


def respect(case, campaign, *, preview: bool) -> None:
    mocks.set_mocks(Recorder(), project="warmlane", stack="spring-sale.dev", preview=preview)
    spools.respect(case.environment, case.name, campaign)


def test_another_spool_than_the_deployed_one_is_refused(dev, monkeypatch, transformations, caplog) -> None:
    Cluster(monkeypatch, DEPLOYED)
    with pytest.raises(pulumi.RunError) as caught:
        respect(dev, persistent(dev), preview=False)
    said = str(caught.value)
    assert "deployed with `spool: handover`" in said
    assert "`warmlane destroy -e dev -c spring-sale` and `warmlane up -e dev -c spring-sale`" in said
    respect(dev, persistent(dev), preview=True)
    assert caplog.messages == [f"`up` will refuse this. {said}"]


def test_the_way_back_is_refused_as_well(dev, monkeypatch) -> None:
    Cluster(monkeypatch, SET)
    with pytest.raises(pulumi.RunError, match="deployed with `spool: persistent`"):
        respect(dev, dev.campaign, preview=False)


@pytest.mark.parametrize("there", [(), (SET,)], ids=["a first deploy", "an update"])
def test_the_same_spool_is_deployed(dev, monkeypatch, transformations, there) -> None:
    Cluster(monkeypatch, *there)
    respect(dev, persistent(dev), preview=False)


def config(replicas: int) -> str:
    return json.dumps({"replicas": replicas})


def test_each_pod_that_goes_is_touched_until_it_knows(dev, monkeypatch) -> None:
    cluster, slept = Cluster(monkeypatch), list[float]()
    cluster.seen = {f"{WORKLOAD}-1": [config(3), config(3), config(1)], f"{WORKLOAD}-2": [config(3), config(1)]}
    assert spools.tell("lab", "spring-sale", 3, 1, clock=lambda: 0.0, sleep=slept.append) == []
    assert cluster.touched == [f"{WORKLOAD}-{ordinal} warmlane.dev/replicas=1" for ordinal in (1, 2)]
    assert len(slept) == 2, "it goes on when the last one knows"


def test_a_pod_that_can_not_be_told_is_named(dev, monkeypatch) -> None:
    cluster = Cluster(monkeypatch)
    cluster.seen = {f"{WORKLOAD}-1": [""]}
    now = iter([0.0, 30.0, 60.0, 91.0])
    assert spools.tell("lab", "spring-sale", 2, 1, clock=lambda: next(now), sleep=lambda _: None) == [f"{WORKLOAD}-1"]


class Hook:
    """A hook that no engine calls."""

    def __init__(self, name, callback) -> None:
        self.name, self.callback = name, callback


@pytest.fixture
def transformations(monkeypatch):
    """What is registered to change resources before they are."""
    found: list = []
    monkeypatch.setattr(pulumi, "ResourceHook", Hook)
    monkeypatch.setattr(pulumi.runtime, "register_stack_transformation", found.append)
    return found


def hooks(transformation, type_: str):
    """What runs before a resource of the type is updated."""
    args = pulumi.ResourceTransformationArgs(None, type_, "name", {}, pulumi.ResourceOptions())
    changed = transformation(args)
    return changed.opts.hooks.before_update if changed else []


def test_the_pods_are_told_before_the_set_is_changed(dev, monkeypatch, transformations) -> None:
    Cluster(monkeypatch, SET)
    told = list[tuple[int, int]]()
    monkeypatch.setattr(spools, "tell", lambda _context, _campaign, before, after: told.append((before, after)) or [])
    respect(dev, persistent(dev), preview=False)
    (transformation,) = transformations
    assert hooks(transformation, "kubernetes:apps/v1:Deployment") == [], "the set's update waits, and nothing else's"
    (hook,) = hooks(transformation, spools.STATEFUL_SET)
    for before, after in ((2, 1), (2, 2), (1, 3)):
        inputs = [{"spec": {"replicas": replicas}} for replicas in (before, after)]
        hook.callback(pulumi.ResourceHookArgs("urn", "id", "name", "type", inputs[1], inputs[0]))
    assert told == [(2, 1)], "only pods that go have anything to learn"


def test_pods_of_a_deployment_need_no_telling(dev, monkeypatch, transformations) -> None:
    Cluster(monkeypatch, DEPLOYED)
    respect(dev, dev.campaign, preview=False)
    assert transformations == [], "each hands its queue over, whether it goes for good or not"


def test_a_cluster_that_does_not_answer_is_said(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(kubectl.Silent):
        kubectl.find("nowhere", DEPLOYED)
