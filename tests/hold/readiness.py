"""Says of a namespace's pods that they are ready, as a kubelet would, where there is no node."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lab.standins.kubernetes.api import ApiError
from tests.standins.kubernetes.api_server import Cluster

PAUSE = 0.3
READY = [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")]


@contextmanager
def pods_are_ready(cluster: Cluster, namespace: str) -> Iterator[None]:
    """As long as it is open, every pod of the namespace becomes ready soon."""
    ended, numbers = threading.Event(), itertools.cycle(range(1, 255))
    thread = threading.Thread(target=_follow, args=(cluster, namespace, ended, numbers), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(cluster: Cluster, namespace: str, ended: threading.Event, numbers: Iterator[int]) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods"
    while not ended.wait(PAUSE):
        for pod in (cluster.find(path) or {"items": []})["items"]:
            if pod["status"].get("phase") != "Pending":
                continue
            address = f"10.0.0.{next(numbers)}"
            status = {"phase": "Running", "conditions": READY, "podIP": address, "podIPs": [{"ip": address}]}
            metadata = {"name": pod["metadata"]["name"], "namespace": namespace}
            document = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
            try:
                cluster.apply(f"{path}/{metadata['name']}/status", document)
            except ApiError as error:
                # It has gone meanwhile.
                if error.status not in (404, 409):
                    raise
