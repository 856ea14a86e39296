"""Finds AWS resources that an interrupted run made and that state does not know.

AllocateAddress and its like are not idempotent: an engine that dies between the call and its checkpoint leaves a
resource behind that the next run would make again (docs/decisions/0003). Tags say whose they are; an A record has none,
and is recognised by its name and by the lane's address in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.outcome import WorldFailed
from warmlane import labels, names
from warmlane.environment import Aws, Environment

Report = Callable[[str], None]


@dataclass(frozen=True, order=True)
class Tagged:
    """An AWS resource with Warmlane's tags: logical name in the stack, and the id by which Pulumi imports it."""

    name: str
    id: str


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


def unknown(
    environment: Environment, name: str, state: Mapping[str, Any], variables: Mapping[str, str], report: Report
) -> dict[str, str]:
    """By logical name, ids of what exists and state does not know. Raises WorldFailed when AWS does not answer.

    `variables` are the engine's: the search needs the very credentials with which it will deploy.
    """
    account = environment.aws
    if account is None:
        return {}
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    known = known_ids(state)
    try:
        session = boto3.Session(
            region_name=account.region,
            profile_name=variables.get("AWS_PROFILE"),
            aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=variables.get("AWS_SESSION_TOKEN"),
        )
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
            "In the lab: `warmlane lab up`; elsewhere check the shell's credentials (`aws sts get-caller-identity`).",
        ) from None
    for resource in spare:
        report(
            f"{name}: {resource.id} carries the tags of {resource.name}, but {known.get(resource.name) or 'another'} "
            "is in use; nothing uses it, so look at it and release it by hand"
        )
    return adopted


@dataclass(frozen=True)
class _Kind:
    """A kind of EC2 resource that a lane makes: the call that lists it by tag, and where the answer has its ids."""

    call: str
    answer: str
    id: str


KINDS = (
    _Kind("describe_addresses", "Addresses", "AllocationId"),
    _Kind("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    _Kind("describe_subnets", "Subnets", "SubnetId"),
    _Kind("describe_route_tables", "RouteTables", "RouteTableId"),
)
GONE = {"deleting", "deleted", "failed"}
"""States of NAT gateways that AWS still shows, tags and all, for an hour."""
NODE_GROUPS = "eks:nodegroup"


def _tagged(session: Any, account: Aws, environment: str) -> list[Tagged]:
    """What carries the environment's tag. EC2 is asked itself: the tagging API lags behind it by minutes."""
    ec2 = session.client("ec2", endpoint_url=account.endpoint)
    found = list[Tagged]()
    for kind in KINDS:
        for item in _items(ec2, kind, environment):
            if item.get("State") not in GONE:
                found += _named(item.get("Tags", []), item[kind.id])
    tagging = session.client("resourcegroupstaggingapi", endpoint_url=account.endpoint)
    filters = [{"Key": labels.ENVIRONMENT, "Values": [environment]}]
    for page in tagging.get_paginator("get_resources").paginate(TagFilters=filters, ResourceTypeFilters=[NODE_GROUPS]):
        for entry in page["ResourceTagMappingList"]:
            found += _named(entry["Tags"], node_group_id(entry["ResourceARN"]))
    return found


def _items(ec2: Any, kind: _Kind, environment: str) -> Iterator[dict[str, Any]]:
    asked = {"Filters": [{"Name": f"tag:{labels.ENVIRONMENT}", "Values": [environment]}]}
    # AWS gives all addresses at once and the others page by page.
    paged = ec2.can_paginate(kind.call)
    for page in ec2.get_paginator(kind.call).paginate(**asked) if paged else [getattr(ec2, kind.call)(**asked)]:
        yield from page[kind.answer]


def _named(tags: Iterable[Mapping[str, str]], id_: str) -> list[Tagged]:
    name = next((tag["Value"] for tag in tags if tag["Key"] == labels.NAME), None)
    return [Tagged(name, id_)] if name else []


def node_group_id(arn: str) -> str:
    """The id by which Pulumi imports an EKS node group: `<cluster>:<node group>`."""
    return ":".join(arn.split("/")[1:3])


def _addresses(session: Any, account: Aws) -> dict[str, str]:
    client = session.client("ec2", endpoint_url=account.endpoint)
    return {item["AllocationId"]: item["PublicIp"] for item in client.describe_addresses()["Addresses"]}


def _host_record(client: Any, zone: str, host: str, address: str) -> str:
    """Import id of a lane's A record that stands already; empty when there is none or it is somebody else's."""
    answer = client.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=host, StartRecordType="A", MaxItems="1"
    )
    for record in answer["ResourceRecordSets"]:
        values = [value["Value"] for value in record.get("ResourceRecords", [])]
        if record["Name"].rstrip(".") == host and record["Type"] == "A" and address and values == [address]:
            return f"{zone}_{host}_A"
    return ""
