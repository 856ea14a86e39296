"""A Service of type LoadBalancer gets an address of the lab's, and answers the outside on it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

import pytest

from cli.cluster import Cluster
from lab import images, settings
from lab.network import CommandFailed
from lab.network.commands import run
from lab.node.caretaker import LOAD_BALANCER_CLASS, addresses_of

pytestmark = pytest.mark.lab

NAMESPACE, NAME, PORT = "acceptance-balanced", "answering", 8080
WORD = "answered by the pod"
SERVER = f"""
import socket
server = socket.create_server(("", {PORT}))
while True:
    with server.accept()[0] as connection:
        connection.sendall(b"{WORD}")
"""
ASKED = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as connection:
    print(connection.recv(100).decode())
"""


def manifests(image: str) -> list[dict[str, Any]]:
    """A namespace with a pod that answers each connection with WORD, and its Service."""
    container = {
        "name": "answering",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", SERVER],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    labels = {"app": NAME}
    place = {"name": NAME, "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**place, "labels": labels},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": place,
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerClass": LOAD_BALANCER_CLASS,
                "allocateLoadBalancerNodePorts": False,
                "externalTrafficPolicy": "Local",
                "selector": labels,
                "ports": [{"name": "tcp", "port": PORT}],
            },
        },
    ]


@pytest.fixture
def address(cluster: Cluster) -> Iterator[IPv4Address]:
    """The address that the Service got."""
    try:
        cluster.apply(manifests(images.ensure(print)["producer"].reference), "warmlane-acceptance")
        cluster.kubectl("wait", "--for=condition=Ready", f"pod/{NAME}", "-n", NAMESPACE, "--timeout=60s", seconds=70)
        waited = "--for=jsonpath={.status.loadBalancer.ingress}"
        cluster.kubectl("wait", waited, f"service/{NAME}", "-n", NAMESPACE, "--timeout=30s", seconds=40)
        (given,) = addresses_of(cluster.get(f"/api/v1/namespaces/{NAMESPACE}/services/{NAME}"))
        yield IPv4Address(given)
    finally:
        cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", seconds=90)


def answer(address: IPv4Address) -> str | None:
    """What the address answers the outside, if anything."""
    try:
        return run(sys.executable, "-c", ASKED, str(address), str(PORT), namespace=settings.OUTSIDE_NETNS).strip()
    except CommandFailed:
        return None


def becomes(address: IPv4Address, expected: str | None, seconds: float = 20) -> bool:
    """Whether the address comes to answer so; an agent takes a moment to serve a new Service, or to end an old one."""
    deadline = time.monotonic() + seconds
    while answer(address) != expected:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def test_a_load_balancer_address_answers_the_outside_as_long_as_its_service_stands(
    cluster: Cluster, address: IPv4Address
) -> None:
    first, last = settings.LOAD_BALANCER_RANGE
    assert first <= address <= last
    assert becomes(address, WORD), f"{address} does not answer"
    cluster.kubectl("delete", "service", NAME, "-n", NAMESPACE)
    assert becomes(address, None), f"{address} still answers without its Service"
