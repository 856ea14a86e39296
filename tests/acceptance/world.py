"""What there is, in the cluster and in the cloud: what a refused program must leave as it is."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from typing import Any

import boto3

from cli.cluster import Cluster
from cli.engine import Engine
from cli.stacks import environment_stack
from lab import settings

Thing = tuple[str, str, str, str, str]
"""Kind, namespace, name, uid, and a digest of what is declared of it."""

VOLATILE = {
    "componentstatuses",
    "endpoints",
    "endpointslices.discovery.k8s.io",
    "events",
    "events.events.k8s.io",
    "leases.coordination.k8s.io",
    "nodes",
    "csinodes.storage.k8s.io",
    "ciliumendpoints.cilium.io",
    "ciliumidentities.cilium.io",
    "ciliumnodes.cilium.io",
}
"""Kinds that the cluster itself writes all the time; no program of Pulumi's makes one. A custom one would be told by
the kind that declares it."""
BOOKKEEPING = ("resourceVersion", "managedFields")
"""Metadata that changes with an object's status."""

EC2_LISTINGS = {
    "describe_addresses": "Addresses",
    "describe_internet_gateways": "InternetGateways",
    "describe_nat_gateways": "NatGateways",
    "describe_network_interfaces": "NetworkInterfaces",
    "describe_route_tables": "RouteTables",
    "describe_security_groups": "SecurityGroups",
    "describe_subnets": "Subnets",
    "describe_tags": "Tags",
    "describe_vpcs": "Vpcs",
}
"""Listings of EC2 and the key that holds each one's items."""


def things(cluster: Cluster) -> set[Thing]:
    """Everything in the cluster that a program could have made, and everything in the cloud."""
    return in_cluster(cluster) | in_cloud(cluster.variables)


def in_cluster(cluster: Cluster) -> set[Thing]:
    """Objects of every kind that the API server lists, but for what belongs to another object or is volatile."""
    kinds = set(cluster.kubectl("api-resources", "--verbs=list", "-o", "name").split()) - VOLATILE
    listed = json.loads(cluster.kubectl("get", ",".join(sorted(kinds)), "-A", "-o", "json", seconds=120))["items"]
    return {_object(item) for item in listed if not _has_controller(item)}


def in_cloud(variables: Mapping[str, str]) -> set[Thing]:
    """What EC2 and Route 53 list: networks, addresses with their reverse DNS, gateways, zones and records."""
    ec2, route53 = (client(service, variables) for service in ("ec2", "route53"))
    found = {
        _item(operation, item) for operation, key in EC2_LISTINGS.items() for item in getattr(ec2, operation)()[key]
    }
    reverse = ec2.describe_addresses_attribute(Attribute="domain-name")["Addresses"]
    found |= {_item("describe_addresses_attribute", item) for item in reverse}
    for zone in route53.list_hosted_zones()["HostedZones"]:
        found.add(_item("list_hosted_zones", zone))
        pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
        found |= {_item("list_resource_record_sets", item) for page in pages for item in page["ResourceRecordSets"]}
    return found


def client(service: str, variables: Mapping[str, str]) -> Any:
    """A client of the lab's AWS."""
    return boto3.client(
        service,
        endpoint_url=settings.AWS_ENDPOINT,
        region_name=settings.AWS_REGION,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def _has_controller(item: Mapping[str, Any]) -> bool:
    """Pods and ReplicaSets follow the object that controls them, which is listed itself."""
    return any(owner.get("controller") for owner in item["metadata"].get("ownerReferences") or [])


def _object(item: Mapping[str, Any]) -> Thing:
    metadata = {key: value for key, value in item["metadata"].items() if key not in BOOKKEEPING}
    declared = {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}
    return (item["kind"], metadata.get("namespace", ""), metadata["name"], metadata["uid"], _digest(declared))


def _item(operation: str, item: object) -> Thing:
    """The text is the name, so that a failing test shows what there is more or less."""
    text = json.dumps(item, sort_keys=True, default=str)
    return (operation, "", text, "", "")


def _digest(value: object) -> str:
    """A digest and not the text, as Secrets are among the objects."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def unprotect(engine: Engine, lane: str) -> None:
    """Lets a test's own lane go again: its address and names are protected as every lane's are."""
    stack = environment_stack(engine.environment)
    for resource in engine.deployment(stack)["resources"]:
        if resource.get("protect") and resource["urn"].rpartition("::")[2].startswith(f"{lane}-"):
            command = ["pulumi", "state", "unprotect", resource["urn"], "--yes", "-s", stack.name]
            subprocess.run(
                command, cwd=settings.REPOSITORY, env=engine.variables, check=True, capture_output=True, timeout=60
            )
