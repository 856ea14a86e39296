"""Finds AWS resources that an interrupted run made and that state does not know.

AllocateAddress and its like are not idempotent: an engine that dies between the call and its checkpoint leaves a
resource behind that the next run would make again, or that stands in its way (docs/decisions/0003). Tags say whose they
are (found_tagged); what has none is found by what it belongs to (found_untagged).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cli import found_tagged, found_untagged
from cli.found_tagged import Tagged
from cli.found_untagged import Report, Search
from cli.outcome import WorldFailed
from warmlane.environment import Environment, NatGateway

ADDRESS = "aws:ec2/eip:Eip"


def known_ids(state: Mapping[str, Any]) -> dict[str, str]:
    """By logical name, the ids of the AWS resources in a stack's state."""
    resources: Iterable[Mapping[str, Any]] = state.get("resources") or []
    return {
        resource["urn"].rpartition("::")[2]: resource["id"]
        for resource in resources
        if resource["type"].startswith("aws:") and resource.get("id") and not resource.get("delete")
    }


def refuse_another_account(ec2: Any, name: str, state: Mapping[str, Any]) -> None:
    """Raises WorldFailed when the account lacks a lane's address that the state knows.

    A refresh with another account's credentials would forget the address, and the update allocate a cold one.
    """
    known = known_ids({"resources": [one for one in state.get("resources") or [] if one["type"] == ADDRESS]})
    if not known:
        return
    filters = [{"Name": "allocation-id", "Values": sorted(known.values())}]
    there = {item["AllocationId"] for item in ec2.describe_addresses(Filters=filters)["Addresses"]}
    lost = sorted(f"{logical} ({id_})" for logical, id_ in known.items() if id_ not in there)
    if lost:
        raise WorldFailed(
            f"{name}: the state knows addresses that this AWS account and region do not hold: {', '.join(lost)}.",
            "Check account and region (`aws sts get-caller-identity`). If an address was released, it is lost: take it "
            f"out of the state with `pulumi state unprotect` and `pulumi state delete -s {name} URN`, and start the "
            "lane anew (`started`) in the environment's config.",
        )


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
        ec2 = session.client("ec2", endpoint_url=account.endpoint)
        refuse_another_account(ec2, name, state)
        tagged = found_tagged.in_ec2(ec2, name)
        if isinstance(environment.egress, NatGateway) and environment.cluster.eks_cluster_name:
            eks = session.client("eks", endpoint_url=account.endpoint)
            tagged += found_tagged.node_groups(eks, environment.cluster.eks_cluster_name, name)
        adopted, spare = leftovers(tagged, known)
        search = Search(environment, known, {**adopted, **known}, lambda line: report(f"{name}: {line}"))
        route53 = session.client("route53", endpoint_url=account.endpoint)
        adopted |= found_untagged.in_ec2(ec2, search)
        adopted |= found_untagged.in_route53(route53, ec2, search, account.zone_id)
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
    committed = tuple(f"{lane}-" for lane in environment.lanes)
    for left in sorted(left for left in adopted if not left.startswith(committed)):
        report(f"{name}: {adopted.pop(left)} carries the tags of {left}, of a lane that is not committed any more")
    return adopted
