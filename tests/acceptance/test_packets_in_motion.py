"""A sender reaches nothing more while it is being destroyed, made and replaced."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from cli.cluster import Cluster
from cli.outcome import WorldFailed
from tests.acceptance import probes
from tests.acceptance.conftest import ROOT
from tests.acceptance.probes import Target
from warmlane import names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

MOVING, STILL = "newsletter", "spring-sale"
SECONDS = 180


@dataclass
class Seen:
    """What the prober saw: rounds by pod, and connections that were open."""

    rounds: dict[str, int] = field(default_factory=dict)
    opened: list[tuple[str, Target]] = field(default_factory=list)


def probe_once(cluster: Cluster, targets: list[Target], seen: Seen) -> None:
    """Tries the refused connections from every pod of the sender that answers."""
    space = names.namespace(MOVING)
    try:
        pods = cluster.get(f"/api/v1/namespaces/{space}/pods")["items"]
    except WorldFailed:
        return
    given = {"connections": [[target.host, target.port] for target in targets], "names": []}
    for pod in pods:
        name = pod["metadata"]["name"]
        try:
            answer = cluster.python(space, name, probes.SCRIPT, given, container="gate", seconds=30)
        except (WorldFailed, ValueError):
            # The pod is not yet, or no longer, able to run anything.
            continue
        seen.rounds[name] = seen.rounds.get(name, 0) + 1
        results = zip(targets, answer["connections"], strict=True)
        seen.opened += [(name, target) for target, how in results if how == "open"]


@contextmanager
def watching(cluster: Cluster, targets: list[Target]) -> Iterator[Seen]:
    """Probes without a pause while the block runs."""
    seen, over = Seen(), threading.Event()

    def loop() -> None:
        while not over.is_set():
            probe_once(cluster, targets, seen)
            over.wait(0.2)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def warmlane(*words: str) -> None:
    result = subprocess.run(
        [ROOT / ".venv/bin/warmlane", *words], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_nothing_opens_while_a_sender_goes_comes_and_is_replaced(cluster: Cluster) -> None:
    targets = probes.refused_targets(cluster, STILL)
    with watching(cluster, targets) as seen:
        warmlane("destroy", "--campaign", MOVING, "--yes", "--discard", "the test ends")
        warmlane("up", "--campaign", MOVING)
        rollout = ("rollout", "restart", f"deployment/{names.deployment(MOVING)}", "-n", names.namespace(MOVING))
        cluster.kubectl(*rollout)
        status = ("rollout", "status", rollout[2], "-n", names.namespace(MOVING), f"--timeout={SECONDS}s")
        cluster.kubectl(*status, seconds=SECONDS)
    assert len(seen.rounds) >= 4, f"too few pods could be asked for this to prove anything: {seen.rounds}"
    assert seen.opened == []
    # The restart wrote an annotation that nobody declares; the next deploy of that field's owner is Kubernetes' own.
    assert probes.until_open(cluster, MOVING, probes.allowed_targets(cluster), seconds=20) == {}
