"""Finds AWS resources that can't carry tags, each by what it belongs to.

A route and the association of a subnet belong to a route table, an address' association and its reverse name to the
address, an A record to its name. One that stands already and says something else than the program would is not
Warmlane's to take; the report says how to make way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from warmlane import names
from warmlane.environment import CiliumGateway, Environment, NatGateway

Report = Callable[[str], None]
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Search:
    """What is asked for: lanes of an environment whose resources have the ids in `present`, by logical name.

    A name in `known` is in the state already, and nobody is asked about it.
    """

    environment: Environment
    known: Mapping[str, str]
    present: Mapping[str, str]
    report: Report

    def lanes_without(self, *suffixes: str) -> list[str]:
        """Lanes of which the state lacks one of these resources."""
        lacking = (
            lane for lane in self.environment.lanes if any(f"{lane}-{end}" not in self.known for end in suffixes)
        )
        return sorted(lacking)

    def id(self, lane: str, suffix: str) -> str:
        """Id of a lane's resource; empty when it does not exist."""
        return self.present.get(f"{lane}-{suffix}", "")

    def host(self, lane: str) -> str:
        """The lane's name in DNS."""
        return names.lane_host(lane, self.environment.domain)


def in_ec2(ec2: Any, search: Search) -> dict[str, str]:
    """By logical name, import ids of routes, associations and reverse names that stand and state does not know."""
    found = dict[str, str]()
    egress = search.environment.egress
    if isinstance(egress, NatGateway):
        found.update(_routes(ec2, search))
    if isinstance(egress, CiliumGateway) and egress.network_interface_id is not None:
        found.update(_address_associations(ec2, search, egress.network_interface_id))
    found.update(_reverse_names(ec2, search))
    return {name: id_ for name, id_ in found.items() if name not in search.known}


def _by_id(call: Callable[..., Any], answer: str, key: str, filter_: str, ids: list[str]) -> dict[str, Any]:
    """What EC2 says of these ids. As a filter, since ids that are gone would be an error."""
    if not ids:
        return {}
    return {item[key]: item for item in call(Filters=[{"Name": filter_, "Values": ids}])[answer]}


def _routes(ec2: Any, search: Search) -> Iterator[tuple[str, str]]:
    lanes = {lane: search.id(lane, "routes") for lane in search.lanes_without("default-route", "subnet-routes")}
    ids = [table for table in lanes.values() if table]
    tables = _by_id(ec2.describe_route_tables, "RouteTables", "RouteTableId", "route-table-id", ids)
    for lane, table in lanes.items():
        content = tables.get(table, {})
        for route in content.get("Routes", []):
            if route.get("DestinationCidrBlock") != EVERYWHERE:
                continue
            gateway = route.get("NatGatewayId") or route.get("GatewayId") or "somewhere else"
            if gateway == search.id(lane, "nat"):
                yield f"{lane}-default-route", f"{table}_{EVERYWHERE}"
            elif f"{lane}-default-route" not in search.known:
                search.report(
                    f"{lane}: route table {table} leads {EVERYWHERE} to {gateway} and not to the lane's NAT gateway; "
                    f"`aws ec2 delete-route --route-table-id {table} --destination-cidr-block {EVERYWHERE}` makes way"
                )
        subnet = search.id(lane, "subnet")
        if any(subnet and association.get("SubnetId") == subnet for association in content.get("Associations", [])):
            yield f"{lane}-subnet-routes", f"{subnet}/{table}"


def _address_associations(ec2: Any, search: Search, interface: str) -> Iterator[tuple[str, str]]:
    lanes = search.lanes_without("association")
    for lane, address in _addresses(ec2, search, lanes).items():
        private = str(search.environment.lanes[lane].private_address)
        if (address.get("NetworkInterfaceId"), address.get("PrivateIpAddress")) == (interface, private):
            yield f"{lane}-association", address["AssociationId"]


def _reverse_names(ec2: Any, search: Search) -> Iterator[tuple[str, str]]:
    for lane in search.lanes_without("reverse"):
        allocation = search.id(lane, "address")
        if allocation:
            answer = ec2.describe_addresses_attribute(AllocationIds=[allocation], Attribute="domain-name")
            names_ = [address.get("PtrRecord", "").rstrip(".") for address in answer["Addresses"]]
            if search.host(lane) in names_:
                yield f"{lane}-reverse", allocation


def _addresses(ec2: Any, search: Search, lanes: list[str]) -> dict[str, Any]:
    """By lane, what EC2 says of its elastic IP; lanes without one are left out."""
    allocations = {lane: search.id(lane, "address") for lane in lanes if search.id(lane, "address")}
    found = _by_id(ec2.describe_addresses, "Addresses", "AllocationId", "allocation-id", list(allocations.values()))
    return {lane: found[allocation] for lane, allocation in allocations.items() if allocation in found}


def in_route53(route53: Any, ec2: Any, search: Search, zone: str) -> dict[str, str]:
    """By logical name, import ids of the lanes' A records that stand and state does not know."""
    lanes = search.lanes_without("host")
    public = {lane: address["PublicIp"] for lane, address in _addresses(ec2, search, lanes).items()}
    found = dict[str, str]()
    for lane in lanes:
        host = search.host(lane)
        values = _record(route53, zone, host)
        wanted = public.get(lane) or str(search.environment.lanes[lane].address or "")
        if values and values == [wanted]:
            found[f"{lane}-host"] = f"{zone}_{host}_A"
        elif values:
            search.report(
                f"{lane}: {host} has an A record already, of {', '.join(values)} and not of the lane's address; "
                f"if it is nobody else's, delete it in hosted zone {zone}"
            )
    return found


def _record(route53: Any, zone: str, host: str) -> list[str]:
    """The addresses in a host's A record; empty when there is none."""
    answer = route53.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=host, StartRecordType="A", MaxItems="1"
    )
    for record in answer["ResourceRecordSets"]:
        if record["Name"].rstrip(".") == host and record["Type"] == "A":
            return [value["Value"] for value in record.get("ResourceRecords", [])]
    return []
