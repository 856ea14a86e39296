"""A lane's parts belong together: one address, one name, one NAT, one route, one subnet, and nodes in it alone.

Ids are not known before the first update, so what belongs together is read from the edges of the dependency graph;
once there are values, they must say the same.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from pulumi_policy import Severity

from policies import committed, lanes
from policies.inputs import after_creation, plan
from policies.lane_parts import EGRESS_POLICY, Graph
from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import About, Resource, stack_rule, title
from policies.scopes import is_campaign_stack, of_kinds, of_types
from warmlane import labels, names
from warmlane.environment import CiliumGateway, External, NatGateway

OTHER_ANSWERS = (
    "aliases",
    "cidrRoutingPolicy",
    "failoverRoutingPolicies",
    "geolocationRoutingPolicies",
    "geoproximityRoutingPolicy",
    "healthCheckId",
    "latencyRoutingPolicies",
    "multivalueAnswerRoutingPolicy",
    "setIdentifier",
    "weightedRoutingPolicies",
)
"""Properties of a record by which its name answers some of those who ask otherwise, or not at all."""

ABOUT = About(
    name="lane-graph",
    display_name="Lane graph",
    description=(
        "By its edges, each committed lane is one address with its A record and reverse name, one NAT with that "
        "address, one route to it, one subnet with that route, and nodes in that subnet; or one egress policy with "
        "that address; or, where the address exists already, its A record."
    ),
    why=(
        "Two lanes behind one NAT, or one lane behind two, mix reputations: a listing of one campaign's address then "
        "stops another campaign's mail."
    ),
    remediation="Declare Lane (components/lane.py) once for each lane; it passes ids from each part to the next.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(of_types(lanes.ADDRESS, lanes.SUBNET, lanes.NAT, lanes.ROUTE_TABLE, lanes.NODES), "tags"),
        *plan(of_types(lanes.RECORD), "name", "type", "zoneId", *OTHER_ANSWERS),
        *plan(of_types(lanes.REVERSE_NAME), "domainName"),
        *plan(
            of_kinds(EGRESS_POLICY),
            ("metadata", "labels"),
            ("metadata", "name"),
            ("spec", "destinationCIDRs"),
            ("spec", "excludedCIDRs"),
            ("spec", "egressGateway", "nodeSelector"),
            ("spec", "egressGateways"),
        ),
        *after_creation(of_types(lanes.NAT), "allocationId", "publicIp"),
        *after_creation(of_types(lanes.RECORD), "records"),
        *after_creation(of_types(lanes.REVERSE_NAME, lanes.ADDRESS_ASSOCIATION), "allocationId"),
        *after_creation(of_types(lanes.ROUTE), "routeTableId", "natGatewayId"),
        *after_creation(of_types(lanes.SUBNET_ROUTES), "routeTableId", "subnetId"),
        *after_creation(of_types(lanes.NODES), "subnetIds"),
        *after_creation(of_kinds(EGRESS_POLICY), ("spec", "egressGateway", "egressIP")),
    ),
)

Found = Iterator[tuple[str, Resource]]


def judge(resources: list[Resource]) -> Found:
    if not resources or is_campaign_stack(resources[0]):
        return
    graph = Graph(resources, committed.environment(resources[0].stack), resources[0])
    for lane in sorted(graph.environment.lanes):
        if isinstance(graph.environment.egress, External):
            yield from _external(graph, lane)
        address = yield from _address(graph, lane)
        if address is None:
            continue
        if isinstance(graph.environment.egress, NatGateway):
            yield from _nat_gateway(graph, lane, address)
        if isinstance(graph.environment.egress, CiliumGateway):
            yield from _cilium_gateway(graph, lane, address)
    yield from _strays(graph)


def _one(graph: Graph, lane: str, what: str, found: list[Resource]) -> Found:
    """A message unless there is exactly one."""
    if not found:
        yield f"Lane {lane} has no {what}. Declare the lane by Lane (components/lane.py).", graph.anchor
    for extra in found[1:]:
        yield f"{title(extra)} is a second {what} of lane {lane}, beside {title(found[0])}. Remove one.", extra


def _edge(graph: Graph, resource: Resource, key: str, part: Resource, lane: str) -> Found:
    """A message unless a property is made from that part of the lane, and has its value once both have one."""
    if not graph.is_part(resource, key, part):
        by_urn = {other.urn: title(other) for other in graph.resources}
        others = ", ".join(by_urn.get(urn, urn) for urn in resource.sources(key)) or "no resource of the lane"
        yield f"{title(resource)} takes {key} from {others}. Take it from {title(part)} of lane {lane}.", resource
    values = at(resource.props, key)
    if isinstance(values, list) and len(values) != 1:
        yield f"{title(resource)} has {len(values)} {key}, and a lane has one. Name {title(part)} alone.", resource


def _same(resource: Resource, found: Any, part: Resource, right: Any, what: str) -> Found:
    """A message where two values are known and differ: somebody changed one of them behind the program."""
    if isinstance(found, str) and isinstance(right, str) and found != right:
        yield (
            f"{title(resource)} has the {what} {found}, and {title(part)} has {right}. Run `pulumi refresh`.",
            resource,
        )


def _address(graph: Graph, lane: str) -> Generator[tuple[str, Resource], None, Resource | None]:
    """The lane's elastic IP: that which its A record and its reverse name are made from; None where there is none."""
    environment = graph.environment
    if environment.aws is None or not isinstance(environment.egress, NatGateway | CiliumGateway):
        return None
    host = names.lane_host(lane, environment.domain)
    hosts = graph.of_host(lanes.RECORD, host)
    yield from _one(graph, lane, f"A record {host}", hosts)
    if not hosts:
        return None
    sources = set(hosts[0].sources("records"))
    addresses = [eip for eip in graph.of_lane(lanes.ADDRESS, lane) if eip.urn in sources]
    if len(sources) != 1 or len(addresses) != 1:
        yield (
            f"{title(hosts[0])} does not take its address from one elastic IP of lane {lane}. Take records from the "
            "Eip that is tagged with the lane.",
            hosts[0],
        )
        return None
    address = addresses[0]
    records = items(hosts[0].props, "records")
    yield from _edge(graph, hosts[0], "records", address, lane)
    yield from _answers(hosts[0], environment.aws.zone_id)
    yield from _same(hosts[0], records[0] if records else None, address, at(address.props, "publicIp"), "address")
    reverses = graph.of_host(lanes.REVERSE_NAME, host)
    yield from _one(graph, lane, f"reverse name {host}", reverses)
    for reverse in reverses:
        yield from _edge(graph, reverse, "allocationId", address, lane)
    return address


def _external(graph: Graph, lane: str) -> Found:
    """An address that exists already has its name in our zone, where there is one."""
    environment = graph.environment
    if environment.aws is None:
        return
    host, address = names.lane_host(lane, environment.domain), str(environment.lanes[lane].address)
    hosts = graph.of_host(lanes.RECORD, host)
    yield from _one(graph, lane, f"A record {host}", hosts)
    for record in hosts[:1]:
        yield from _answers(record, environment.aws.zone_id)
        # It is in the config, so a preview knows it.
        if at(record.props, "records") != [address]:
            yield f"{title(record)} does not answer with {address} of lane {lane}. Set records to it alone.", record


def _answers(record: Resource, zone: str) -> Found:
    """Messages unless a lane's name has one answer for all, in the committed zone."""
    for key in OTHER_ANSWERS:
        if at(record.props, key) not in (None, UNKNOWN, False, "", [], {}):
            yield f"{title(record)} sets {key}, and a lane's name has one answer for all. Remove {key}.", record
    if at(record.props, "zoneId") not in (zone, UNKNOWN):
        yield f"{title(record)} is in another zone than the committed one. Set zoneId to {zone}.", record


def _nat_gateway(graph: Graph, lane: str, address: Resource) -> Found:
    parts = dict[str, Resource]()
    for type_, what in ((lanes.NAT, "NAT gateway"), (lanes.ROUTE_TABLE, "route table"), (lanes.SUBNET, "subnet")):
        found = graph.of_lane(type_, lane)
        yield from _one(graph, lane, what, found)
        if found:
            parts[type_] = found[0]
    if len(parts) < 3:
        return
    nat, table, subnet = parts[lanes.NAT], parts[lanes.ROUTE_TABLE], parts[lanes.SUBNET]
    yield from _edge(graph, nat, "allocationId", address, lane)
    for key in ("allocationId", "publicIp"):
        yield from _same(nat, at(nat.props, key), address, at(address.props, key), key)
    routes = graph.pointing(lanes.ROUTE, "routeTableId", table)
    yield from _one(graph, lane, "default route", routes)
    for route in routes:
        yield from _edge(graph, route, "natGatewayId", nat, lane)
    associations = graph.pointing(lanes.SUBNET_ROUTES, "subnetId", subnet)
    yield from _one(graph, lane, "association of its subnet with a route table", associations)
    for association in associations:
        yield from _edge(graph, association, "routeTableId", table, lane)
    groups = graph.of_lane(lanes.NODES, lane)
    yield from _one(graph, lane, "node group", groups)
    for group in groups:
        yield from _edge(graph, group, "subnetIds", subnet, lane)


def _cilium_gateway(graph: Graph, lane: str, address: Resource) -> Found:
    environment = graph.environment
    policies = graph.policies_by_lane.get(lane, [])
    if lane in graph.leased:
        yield from _one(graph, lane, EGRESS_POLICY, policies)
    config = environment.lanes[lane]
    associations = graph.pointing(lanes.ADDRESS_ASSOCIATION, "allocationId", address)
    if config.private_address is not None:
        yield from _one(graph, lane, "association of its address with the gateway", associations)
        for association in associations:
            yield from _same(
                association,
                at(association.props, "privateIpAddress"),
                address,
                str(config.private_address),
                "private address",
            )
    for policy in policies:
        yield from _policy(graph, policy, lane, address)


def _policy(graph: Graph, policy: Resource, lane: str, address: Resource) -> Found:
    egress, config = graph.environment.egress, graph.environment.lanes[lane]
    spec, what = mapping(policy.props, "spec"), title(policy)
    if items(spec, "destinationCIDRs") != [lanes.EVERYWHERE] or spec.get("excludedCIDRs"):
        yield (
            f"{what} does not cover all that the lane sends, and the rest would leave by its node's address. Set "
            f"destinationCIDRs to {lanes.EVERYWHERE} alone, and no excludedCIDRs.",
            policy,
        )
    gateway = mapping(spec, "egressGateway")
    expected = egress.node_labels if isinstance(egress, CiliumGateway) else {}
    if mapping(gateway, "nodeSelector", "matchLabels") != expected or spec.get("egressGateways"):
        yield (
            f"{what} does not leave by the gateway's nodes. Set egressGateway.nodeSelector.matchLabels to {expected}, "
            "and no egressGateways.",
            policy,
        )
    if at(policy.props, "metadata", "name") != f"lane-{lane}":
        yield (
            f"{what} has not its lane's name; of two with one name one is lost. Name it lane-{lane}.",
            policy,
        )
    if gateway.get("egressIP") is None:
        yield f"{what} names no address, so its pods leave by the node's. Set egressIP to that of lane {lane}.", policy
    if gateway.get("interface"):
        yield f"{what} leaves by whatever address an interface has. Replace interface by egressIP.", policy
    elif config.private_address is not None:
        if gateway.get("egressIP") != str(config.private_address):
            yield f"{what} does not send from {config.private_address} of lane {lane}. Set egressIP to it.", policy
    else:
        yield from _edge(graph, policy, "spec", address, lane)
        yield from _same(policy, gateway.get("egressIP"), address, at(address.props, "publicIp"), "address")


def _strays(graph: Graph) -> Found:
    """Parts of a way out that hang on no committed lane."""
    for type_, key, part in (
        (lanes.ROUTE, "routeTableId", lanes.ROUTE_TABLE),
        (lanes.SUBNET_ROUTES, "routeTableId", lanes.ROUTE_TABLE),
        (lanes.SUBNET_ROUTES, "subnetId", lanes.SUBNET),
        (lanes.ADDRESS_ASSOCIATION, "allocationId", lanes.ADDRESS),
        (lanes.REVERSE_NAME, "allocationId", lanes.ADDRESS),
    ):
        owned = {resource.urn for resource in graph.of(part) if lanes.lane(resource) in graph.environment.lanes}
        for resource in graph.of(type_):
            if not owned & set(resource.sources(key)):
                yield f"{title(resource)} takes {key} from no part of a committed lane. Remove it.", resource
    for policy in graph.policies:
        lane = at(policy.props, "metadata", "labels", labels.LANE)
        if not isinstance(graph.environment.egress, CiliumGateway):
            yield f"{title(policy)} has no part in the strategy {graph.environment.egress.strategy}. Remove it.", policy
        elif lane is not UNKNOWN and lanes.lane(policy) not in graph.environment.lanes:
            yield f"{title(policy)} is labelled with no committed lane. Label it with the lane that it serves.", policy


RULE = stack_rule(ABOUT, judge)
