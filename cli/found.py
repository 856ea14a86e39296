"""Finds AWS resources that an interrupted run made and that state does not know.

AllocateAddress and its like are not idempotent: an engine that dies between the call and its checkpoint leaves a resource
behind that the next run would make again (docs/decisions/0003). Tags say whose they are; an A record has none, and is
recognised by its name and by the lane's address in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.outcome import WorldFailed
from warmlane import labels, names
from warmlane.environment import Aws, Environment

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client

Report = Callable[[str], None]


@dataclass(frozen=True, order=True)
class Tagged:
    """An AWS resource with Warmlane's tags: logical name in the stack, and the id by which Pulumi imports it."""

    name: str
    id: str


def import_id(arn: str) -> str:
    """The id by which Pulumi imports the resource of an ARN.

    EC2 ends its ARNs with the id; an EKS node group's is `<cluster>:<node group>` (pulumi_aws.eks.NodeGroup).
    """
    service, path = arn.split(":")[2], arn.split(":", 5)[5]
    parts = path.split("/")
    if service == "eks" and parts[0] == "nodegroup":
        return f"{parts[1]}:{parts[2]}"
    return parts[-1]


def known_ids(state: Mapping[str, Any]) -> dict[str, str]:
    """By logical name, the ids of the AWS resources in a stack's state."""
    resources: Iterable[Mapping[str, Any]] = state.get("resources") or []
    return {
        resource["urn"].rpartition("::")[2]: resource["id"]
        for resource in resources
        if resource["type"].startswith("aws:") and resource.get("id") and not resource.get("delete")
    }


def leftovers(tagged: Iterable[Tagged], known: Mapping[str, str]) -> tuple[dict[str, str], list[Tagged]]:
    """What is to be adopted, by logical name, and what nobody will use.

    A name that state knows needs nothing: another resource with its tags is a leftover, and so is the second of two.
    """
    adopted, spare = dict[str, str](), list[Tagged]()
    for resource in sorted(set(tagged)):
        holder = known.get(resource.name) or adopted.get(resource.name)
        if holder is None:
            adopted[resource.name] = resource.id
        elif holder != resource.id:
            spare.append(resource)
    return adopted, spare


def unknown(environment: Environment, name: str, state: Mapping[str, Any], report: Report) -> dict[str, str]:
    """By logical name, ids of what exists and state does not know. Raises WorldFailed when AWS does not answer."""
    account = environment.aws
    if account is None:
        return {}
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    known = known_ids(state)
    try:
        session = boto3.Session(region_name=account.region)
        tagged = _tagged(session, account, name)
        adopted, spare = leftovers(tagged, known)
        missing = [lane for lane in environment.lanes if f"{lane}-host" not in known]
        if missing:
            addresses = _addresses(session, account)
            for lane in missing:
                id_ = {**known, **adopted}.get(f"{lane}-address", "")
                record = _host_record(
                    session.client("route53", endpoint_url=account.endpoint),
                    account.zone_id,
                    names.lane_host(lane, environment.domain),
                    addresses.get(id_, ""),
                )
                if record:
                    adopted[f"{lane}-host"] = record
    except (BotoCoreError, ClientError) as error:
        where = account.endpoint or f"AWS in {account.region}"
        raise WorldFailed(
            f"{where} did not say what it holds for {name}: {error}",
            "In the lab, run `warmlane lab up`; elsewhere check the credentials of this shell (`aws sts get-caller-identity`).",
        ) from None
    for resource in spare:
        report(
            f"{name}: {resource.id} carries the tags of {resource.name}, but {known.get(resource.name) or 'another'} "
            "is in use; nothing uses it, so look at it and release it by hand"
        )
    return adopted


def _tagged(session: Any, account: Aws, environment: str) -> list[Tagged]:
    client = session.client("resourcegroupstaggingapi", endpoint_url=account.endpoint)
    pages = client.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": labels.ENVIRONMENT, "Values": [environment]}]
    )
    found = list[Tagged]()
    for page in pages:
        for entry in page["ResourceTagMappingList"]:
            tags = {tag["Key"]: tag["Value"] for tag in entry["Tags"]}
            if labels.NAME in tags:
                found.append(Tagged(tags[labels.NAME], import_id(entry["ResourceARN"])))
    return _standing(session, account, found)


def _standing(session: Any, account: Aws, found: list[Tagged]) -> list[Tagged]:
    """Without NAT gateways that are deleted: AWS shows them, tags and all, for an hour."""
    gateways = [resource.id for resource in found if resource.id.startswith("nat-")]
    if not gateways:
        return found
    client = session.client("ec2", endpoint_url=account.endpoint)
    states = client.describe_nat_gateways(Filters=[{"Name": "nat-gateway-id", "Values": gateways}])["NatGateways"]
    gone = {state["NatGatewayId"] for state in states if state["State"] in {"deleting", "deleted", "failed"}}
    return [resource for resource in found if resource.id not in gone]


def _addresses(session: Any, account: Aws) -> dict[str, str]:
    client = session.client("ec2", endpoint_url=account.endpoint)
    return {item["AllocationId"]: item["PublicIp"] for item in client.describe_addresses()["Addresses"]}


def _host_record(client: Route53Client, zone: str, host: str, address: str) -> str:
    """Import id of the A record of a lane that stands already; empty when there is none, or when it is somebody else's."""
    answer = client.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=host, StartRecordType="A", MaxItems="1"
    )
    for record in answer["ResourceRecordSets"]:
        values = [value["Value"] for value in record.get("ResourceRecords", [])]
        if record["Name"].rstrip(".") == host and record["Type"] == "A" and address and values == [address]:
            return f"{zone}_{host}_A"
    return ""
