"""Connections that a sender's pod tries, and what each should come to."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from cli.cluster import Cluster
from lab import settings
from tests.acceptance.conftest import sender_pods
from warmlane import names

SCRIPT = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def attempt(target):
    host, port = target
    try:
        socket.create_connection((host, port), 3).close()
        return "open"
    except OSError as problem:
        return f"closed: {type(problem).__name__} {problem}"
def resolve(name):
    try:
        return "open" if socket.getaddrinfo(name, None) else "closed"
    except OSError as problem:
        return f"closed: {problem}"
given = json.load(sys.stdin)
with ThreadPoolExecutor(16) as pool:
    connections = list(pool.map(attempt, given["connections"]))
json.dump({"connections": connections, "names": [resolve(name) for name in given["names"]]}, sys.stdout)
"""


@dataclass(frozen=True)
class Target:
    """Where a connection goes; `namespace` is the destination's where it is a pod of the cluster."""

    what: str
    host: str
    port: int
    namespace: str = ""


def refused_targets(cluster: Cluster, other: str) -> list[Target]:
    """What no sender may reach; `other` is another campaign."""
    space = names.namespace(other)
    pod = sender_pods(cluster, other)[0]["status"]["podIP"]
    service = cluster.get(f"/api/v1/namespaces/{space}/services/{names.service(other)}")["spec"]["clusterIP"]
    ports = (names.SMTP_PORT, names.METRICS_PORT)
    return [
        *(Target(f"{other}'s pod", pod, port, space) for port in ports),
        *(Target(f"{other}'s Service", service, port, space) for port in ports),
        Target("the API server", str(settings.KUBERNETES_SERVICE), 443),
        *(
            Target("a decoy", str(address), port)
            for address in settings.DECOY_ADDRESSES
            for port in settings.DECOY_PORTS
        ),
        *(Target("the outside", str(settings.OUTSIDE_HOST), port) for port in (80, 443)),
    ]


def allowed_targets(cluster: Cluster) -> list[Target]:
    """Port 25 outside, and the store."""
    outside = [Target(f"the MX of {domain}", str(address), 25) for domain, address in settings.RECEIVERS.items()]
    return [*outside, store(cluster)]


def store(cluster: Cluster) -> Target:
    """The store's Service."""
    service = cluster.get(f"/api/v1/namespaces/{names.PLATFORM_NAMESPACE}/services/{names.STORE}")
    return Target("the store", service["spec"]["clusterIP"], names.STORE_PORT, names.PLATFORM_NAMESPACE)


RESOLVED = ("mx.alder-mail.test", "mx.beech-mail.test", "kubernetes.default.svc.cluster.local")
"""Names that a sender must be able to resolve: outside and inside."""


def tried(cluster: Cluster, campaign: str, targets: Iterable[Target]) -> dict[Target, str]:
    """What each connection came to, from the campaign's gate: `open`, or `closed` and why."""
    pod = sender_pods(cluster, campaign)[0]["metadata"]["name"]
    return tried_from(cluster, names.namespace(campaign), pod, "gate", targets)


def tried_from(
    cluster: Cluster, namespace: str, pod: str, container: str, targets: Iterable[Target]
) -> dict[Target, str]:
    """The same from any container that has Python."""
    targets = list(targets)
    given = {"connections": [[target.host, target.port] for target in targets], "names": []}
    answer = cluster.python(namespace, pod, SCRIPT, given, container=container, seconds=120)
    return dict(zip(targets, answer["connections"], strict=True))


def resolved(cluster: Cluster, campaign: str) -> list[str]:
    """What resolving each of RESOLVED came to."""
    pod = sender_pods(cluster, campaign)[0]["metadata"]["name"]
    given = {"connections": [], "names": list(RESOLVED)}
    answer = cluster.python(names.namespace(campaign), pod, SCRIPT, given, container="gate", seconds=120)
    return list(answer["names"])


def until_open(cluster: Cluster, campaign: str, targets: Iterable[Target], seconds: float) -> dict[Target, str]:
    """What is still closed when the time is over; an agent takes a moment to enforce a changed policy."""
    deadline = time.monotonic() + seconds
    closed = tried(cluster, campaign, targets)
    while True:
        closed = {target: how for target, how in closed.items() if how != "open"}
        if not closed or time.monotonic() > deadline:
            return closed
        time.sleep(1)
        closed = tried(cluster, campaign, closed)
