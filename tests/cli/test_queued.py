"""`warmlane destroy` looks into the queues first, and loses mail only for a reason that a person gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cli import queued
from lab import settings
from tests.cli.conftest import World

NAMESPACE = "/api/v1/namespaces/campaign-newsletter"
PODS = f"{NAMESPACE}/pods?labelSelector=app%3Demail-sender-newsletter"
CLAIMS = f"{NAMESPACE}/persistentvolumeclaims"
NONE = {"incoming": 0, "active": 0, "deferred": 0, "hold": 0, "maildrop": 0}
SOME = NONE | {"deferred": 2, "hold": 5}
DESTROY = ("destroy", "-c", "newsletter", "--yes")


def pod(name: str, phase: str = "Running") -> dict[str, Any]:
    return {"metadata": {"name": name}, "status": {"phase": phase}}


def campaign(
    world: World, *pods: Mapping[str, Any], claims: Sequence[str] = (), going: bool = False, **counts: Any
) -> None:
    """The campaign in the cluster; `counts` are its pods' answers one after the other, from the gate."""
    metadata = {"name": "campaign-newsletter", **({"deletionTimestamp": "2026-11-24T18:00:00Z"} if going else {})}
    volumes = [{"metadata": {"name": name}} for name in claims]
    there = {NAMESPACE: {"metadata": metadata}, PODS: {"items": list(pods)}, CLAIMS: {"items": volumes}}
    world.cluster(there)
    (world.state / "counts.json").write_text(json.dumps({f"{name}/gate": looks for name, looks in counts.items()}))


def told(world: World, verb: str) -> list[list[str]]:
    return [words for words in world.kubectl if words[0] == verb]


def marks(world: World) -> list[str]:
    return [word for words in told(world, "annotate") for word in words if word.startswith("warmlane.dev/queue")]


def test_empty_queues_are_marked_and_the_campaign_is_destroyed(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), pod("b"), a=[NONE], b=[NONE])
    code, out, _ = warmlane("--json", *DESTROY)
    assert code == 0 and len(world.runs("destroy")) == 1
    assert marks(world)[:2] == ["warmlane.dev/queue=drained", "warmlane.dev/queue-reason=nothing was queued"]
    (queued,) = json.loads(out)["queued"]
    assert queued["campaign"] == "newsletter" and queued["messages"] == NONE and queued["unknown"] == []


def test_submission_is_closed_before_the_last_look(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), a=[NONE])
    assert warmlane(*DESTROY)[0] == 0
    verbs = [words[0] for words in world.kubectl]
    (closed,) = told(world, "delete")
    assert closed[1:5] == ["networkpolicy", "producer-ingress", "-n", "campaign-newsletter"]
    assert verbs.index("exec") < verbs.index("delete") < len(verbs) - 1 - verbs[::-1].index("exec"), verbs
    assert len(verbs) - 1 - verbs[::-1].index("exec") < verbs.index("annotate"), verbs


def test_queued_mail_is_not_destroyed(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), pod("b"), a=[NONE], b=[SOME])
    code, _, err = warmlane(*DESTROY)
    assert code == 1 and world.runs("destroy") == []
    assert "newsletter has 7 message(s) queued (deferred 2, hold 5)" in err
    assert "`warmlane destroy -c newsletter --discard REASON`" in err
    assert told(world, "annotate") == told(world, "delete") == [], "nothing was touched"


def test_mail_that_comes_in_between_the_looks_is_not_destroyed(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), a=[NONE, SOME])
    code, _, err = warmlane(*DESTROY)
    assert code == 1 and world.runs("destroy") == [] and marks(world) == []
    assert "7 message(s)" in err and "`warmlane up -c newsletter` opens it again" in err


def test_mail_is_discarded_for_a_reason(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), a=[SOME])
    code, out, _ = warmlane(*DESTROY, "--discard", "the list was bought")
    assert code == 0 and len(world.runs("destroy")) == 1
    assert "7 message(s) queued" in out and "the list was bought" in out
    assert marks(world)[:2] == [
        "warmlane.dev/queue=discarded",
        "warmlane.dev/queue-reason=the list was bought (7 message(s) were counted)",
    ]


def test_what_is_discarded_keeps_no_pod_from_leaving(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), pod("b", "Unknown"), a=[SOME])
    code, out, _ = warmlane(*DESTROY, "--discard", "the list was bought")
    assert code == 0 and "b may need 10 min to leave" in out
    verbs = [words[0] for words in world.kubectl if words[0] in ("annotate", "delete", "exec")]
    first = verbs.index("annotate")
    assert verbs[first : first + 3] == ["annotate", "delete", "exec"], "written down, closed, emptied"


def test_a_discarded_queue_is_empty(tmp_path: Path) -> None:
    spool, exported = tmp_path / "spool", tmp_path / "exported"
    for path in (
        spool / "hold/A1",
        spool / "deferred/B/B1",
        spool / "active/C1",
        exported / "D1",
        spool / "pid/master",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    given = json.dumps([str(spool), str(exported)])
    subprocess.run([sys.executable, "-c", queued.EMPTY], input=given, text=True, check=True, cwd=settings.REPOSITORY)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["master"]


@pytest.mark.parametrize("reason", ["", "  "])
def test_nothing_is_no_reason(world: World, warmlane: Any, reason: str) -> None:
    campaign(world, pod("a"), a=[SOME])
    assert warmlane(*DESTROY, "--discard", reason)[0] == 2
    assert world.runs("destroy") == [] and marks(world) == []


@pytest.mark.parametrize(
    ("pods", "claims", "why"),
    [
        ([pod("a")], [], "what a has is not known"),
        ([pod("a", "Unknown")], [], "a does not answer for its node"),
        ([pod("a", "Pending")], ["spool-a"], "no running pod looks into the volume(s) spool-a"),
        ([], ["spool-a", "spool-b"], "no running pod looks into the volume(s) spool-a, spool-b"),
        ([], ["sender-exported"], "no running pod looks into the volume(s) sender-exported"),
    ],
    ids=["broken", "lost node", "volume of a waiting pod", "volumes without pods", "exports without pods"],
)
def test_what_nobody_can_count_is_not_destroyed(
    world: World, warmlane: Any, pods: list[dict[str, Any]], claims: list[str], why: str
) -> None:
    campaign(world, *pods, claims=claims)
    code, _, err = warmlane(*DESTROY)
    assert code == 1 and why in err and world.runs("destroy") == [] and marks(world) == []
    assert warmlane(*DESTROY, "--discard", "a test")[0] == 0
    assert len(world.runs("destroy")) == 1


def test_a_pod_answers_for_its_own_volume_alone(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), claims=["spool-a", "spool-b"], a=[NONE])
    code, _, err = warmlane(*DESTROY)
    assert code == 1 and "no running pod looks into the volume(s) spool-b" in err, "a set that was made smaller"
    campaign(world, pod("a"), pod("b"), claims=["spool-a", "spool-b"], a=[NONE], b=[NONE])
    assert warmlane(*DESTROY)[0] == 0


def test_what_was_left_for_the_next_pod_is_queued_once(world: World, warmlane: Any) -> None:
    left = NONE | {"exported": 3}
    campaign(world, pod("a"), pod("b"), claims=["sender-exported"], a=[left], b=[left])
    code, _, err = warmlane(*DESTROY)
    assert code == 1 and "newsletter has 3 message(s) queued (exported 3)" in err
    campaign(world, pod("a"), claims=["sender-exported"], a=[NONE | {"exported": 0}])
    assert warmlane(*DESTROY)[0] == 0


def test_either_container_may_count(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"))
    (world.state / "counts.json").write_text(json.dumps({"a/email-sender": [NONE]}))
    assert warmlane(*DESTROY)[0] == 0


@pytest.mark.parametrize("phase", ["Pending", "Failed", "Succeeded"])
def test_a_pod_that_has_no_spool_keeps_nothing(world: World, warmlane: Any, phase: str) -> None:
    campaign(world, pod("a", phase))
    assert warmlane(*DESTROY)[0] == 0 and "warmlane.dev/queue=drained" in marks(world)


def test_a_campaign_without_a_namespace_needs_no_mark(world: World, warmlane: Any) -> None:
    world.cluster({})
    assert warmlane(*DESTROY)[0] == 0
    assert len(world.runs("destroy")) == 1 and told(world, "annotate") == told(world, "delete") == []


def test_a_silent_cluster_destroys_nothing(world: World, warmlane: Any) -> None:
    code, _, err = warmlane(*DESTROY, "--discard", "a test")
    assert code == 3 and "no cluster answers" in err and world.runs("destroy") == []


def test_the_environment_alone_asks_for_no_queue(world: World, warmlane: Any) -> None:
    world.stacks(dev=9)
    assert warmlane("destroy", "--yes")[0] == 0 and world.kubectl == []


def test_a_namespace_that_stays_loses_its_mark(world: World, warmlane: Any) -> None:
    campaign(world, pod("a"), a=[NONE])
    world.engine_says("newsletter.dev", [], status=255)
    assert warmlane(*DESTROY)[0] == 3
    assert marks(world)[-2:] == ["warmlane.dev/queue-", "warmlane.dev/queue-reason-"], "new mail must be guarded again"


def test_a_namespace_that_is_going_keeps_its_mark(world: World, warmlane: Any) -> None:
    campaign(world, going=True)
    assert warmlane(*DESTROY)[0] == 0
    assert "warmlane.dev/queue-" not in marks(world), "without it the namespace would never end"
