"""A campaign's sender as the acceptance tests look into it, and do harm to it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.cluster import Cluster
from tests.acceptance.conftest import sender_pods
from warmlane import names

STATE = """
import json, re, sys, urllib.request
from services.sender.gate import queues
from services.sender.settings import SPOOL
text = urllib.request.urlopen("http://127.0.0.1:9100/metrics", timeout=5).read().decode()
closed = re.search(r'^sender_closed{reason="([a-z]+)"} 1', text, re.MULTILINE)
json.dump({"queued": sum(queues.sizes(SPOOL).values()), "closed": closed[1] if closed else ""}, sys.stdout)
"""


class Sender:
    """A campaign's sender in the lab's cluster."""

    def __init__(self, cluster: Cluster, campaign: str) -> None:
        self.cluster, self.campaign, self.namespace = cluster, campaign, names.namespace(campaign)

    def pods(self) -> list[str]:
        return sorted(pod["metadata"]["name"] for pod in sender_pods(self.cluster, self.campaign))

    def states(self) -> dict[str, dict[str, Any]]:
        """By pod, what is queued, and why its gate releases nothing (empty: it does)."""
        return {pod: self.cluster.python(self.namespace, pod, STATE, None, container="gate") for pod in self.pods()}

    def queued(self) -> int:
        return sum(state["queued"] for state in self.states().values())

    def settled(self, replicas: int = 2) -> None:
        """Waits until exactly so many pods are there, all ready."""

        def there() -> bool:
            path = f"/api/v1/namespaces/{self.namespace}/pods?labelSelector=app%3D{names.app(self.campaign)}"
            pods = self.cluster.get(path)["items"]
            ready = [pod for pod in pods if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
            return len(pods) == len(ready) == replicas

        wait_for(there, f"{replicas} ready pods and no other", 240)

    def killed(self, container: str, words: str) -> None:
        """Ends a program of the first pod by SIGKILL, and waits until its container runs anew."""
        pod = self.pods()[0]
        before = self._restarts(pod, container)
        found = [pid for pid in processes(pod) if words in command(pid)]
        assert found, f"no process of {pod} has {words} in its command"
        os.kill(min(found), signal.SIGKILL)
        wait_for(lambda: self._restarts(pod, container) > before, f"a restart of {container}", 60)
        self.settled()

    def _restarts(self, pod: str, container: str) -> int:
        status = self.cluster.get(f"/api/v1/namespaces/{self.namespace}/pods/{pod}")["status"]
        return next(int(one["restartCount"]) for one in status["containerStatuses"] if one["name"] == container)

    def told(self, held: bool) -> None:
        """Waits until each gate knows whether a hold stands. A changed pod has its mounts looked at at once."""
        for pod in self.pods():
            mark = f"warmlane.dev/looked={time.time_ns()}"
            self.cluster.kubectl("annotate", "pod", pod, "-n", self.namespace, "--overwrite", mark)
        what = f"every gate {'holds' if held else 'does not hold'}"
        wait_for(lambda: all((state["closed"] == "hold") is held for state in self.states().values()), what, 150)

    def renewed(self) -> None:
        """Has other pods take the place of those that are there, and waits until they are ready."""
        self.cluster.kubectl("delete", "pod", *self.pods(), "-n", self.namespace, "--wait=false")
        self.settled()


def is_ready(pod: dict[str, Any]) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", []))


def processes(pod: str) -> list[int]:
    """Processes of a pod's containers, as this machine numbers them."""
    mark = f"HOSTNAME={pod}".encode()
    return [
        pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if mark in of(pid, "environ").split(b"\0")
    ]


def command(pid: int) -> str:
    return of(pid, "cmdline").replace(b"\0", b" ").decode()


def of(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def wait_for(condition: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(1)
