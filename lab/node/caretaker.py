"""`python -m lab.node.caretaker`: what a cloud does for a cluster.

It gives addresses to LoadBalancer Services and makes volumes usable again whose claim was deleted.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Any

from lab import settings
from lab.node import api, storage

LOAD_BALANCER_CLASS = "warmlane.dev/lab"
"""Services with this `spec.loadBalancerClass` get an address; they must not take NodePorts
(`allocateLoadBalancerNodePorts: false`) and are served with `externalTrafficPolicy: Local`."""
INTERVAL = 2.0
"""Seconds between two looks at the cluster."""


def addresses_of(service: dict[str, Any]) -> list[str]:
    """Addresses that a Service's status already holds."""
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return [entry["ip"] for entry in ingress if "ip" in entry]


def assignments(services: Iterable[dict[str, Any]]) -> dict[str, IPv4Address]:
    """Addresses to give out, by the path of the Service: the lowest free ones. Raises RuntimeError if none is left."""
    balanced = [one for one in services if one["spec"].get("loadBalancerClass") == LOAD_BALANCER_CLASS]
    taken = {address for one in balanced for address in addresses_of(one)}
    first, last = settings.LOAD_BALANCER_RANGE
    free = (IPv4Address(value) for value in range(int(first), int(last) + 1) if str(IPv4Address(value)) not in taken)
    given: dict[str, IPv4Address] = {}
    for one in balanced:
        if addresses_of(one):
            continue
        address = next(free, None)
        if address is None:
            raise RuntimeError(f"no load balancer address is left between {first} and {last}")
        metadata = one["metadata"]
        given[f"/api/v1/namespaces/{metadata['namespace']}/services/{metadata['name']}"] = address
    return given


def tend() -> None:
    """One round. Raises ApiError."""
    for path, address in assignments(api.get("/api/v1/services")["items"]).items():
        status = {"status": {"loadBalancer": {"ingress": [{"ip": str(address), "ipMode": "VIP"}]}}}
        api.request("PATCH", f"{path}/status", status, content="application/merge-patch+json")
        print(f"{path}: {address}", flush=True)
    for index in storage.released(api.get("/api/v1/persistentvolumes")["items"]):
        storage.empty(index)
        forget = {"spec": {"claimRef": None}}
        path = f"/api/v1/persistentvolumes/lab-volume-{index}"
        api.request("PATCH", path, forget, content="application/merge-patch+json")
        print(f"volume {index} is free again", flush=True)


def main() -> int:
    while True:
        try:
            tend()
        except (api.ApiError, RuntimeError, OSError) as problem:
            print(problem, flush=True)
        time.sleep(INTERVAL)


if __name__ == "__main__":
    sys.exit(main())
