"""Each part of a lane's way out is as the committed config says, and opens no second one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_policy import Severity

from policies import committed, lanes
from policies.inputs import plan
from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import About, Resource, resource_rule, title
from policies.scopes import is_campaign_stack, of_types
from warmlane import labels
from warmlane.environment import CiliumGateway, Environment, Lane, NatGateway

CNI_TAG = "kubernetes.io/role/cni"
"""The VPC CNI puts network interfaces of any node into a subnet with this tag (facts/pulumi.md 0, fact 7)."""
TAINT_EFFECT = "NO_SCHEDULE"

FORBIDDEN = {
    lanes.SUBNET: (
        "ipv6CidrBlock",
        "ipv6NetmaskLength",
        "ipv6IpamPoolId",
        "ipv6Native",
        "assignIpv6AddressOnCreation",
        "enableDns64",
        "mapPublicIpOnLaunch",
        "mapCustomerOwnedIpOnLaunch",
    ),
    lanes.ROUTE_TABLE: ("routes", "propagatingVgws"),
    lanes.ROUTE: (
        "carrierGatewayId",
        "coreNetworkArn",
        "destinationIpv6CidrBlock",
        "destinationPrefixListId",
        "egressOnlyGatewayId",
        "gatewayId",
        "localGatewayId",
        "networkInterfaceId",
        "odbNetworkArn",
        "transitGatewayId",
        "vpcEndpointId",
        "vpcPeeringConnectionId",
    ),
    lanes.SUBNET_ROUTES: ("gatewayId",),
    lanes.NAT: (
        "availabilityZoneAddresses",
        "secondaryAllocationIds",
        "secondaryPrivateIpAddressCount",
        "secondaryPrivateIpAddresses",
    ),
    lanes.NODES: ("launchTemplate", "remoteAccess"),
    lanes.ADDRESS: ("instance", "networkInterface", "associateWithPrivateIp"),
    lanes.ADDRESS_ASSOCIATION: ("instanceId",),
}
"""By type, fields that lead around the lane's one address, or that could: a launch template may give nodes public
addresses, remote access opens them to whoever has a key, and routes inside a table are seen by no rule on routes."""

FOREIGN = {
    "aws:ec2/defaultRouteTable:DefaultRouteTable",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",
    "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",
    "aws:ec2/natGatewayEipAssociation:NatGatewayEipAssociation",
    "aws:ec2/vpcIpv6CidrBlockAssociation:VpcIpv6CidrBlockAssociation",
    "aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation",
}
"""Types by which every lane of the VPC, or another address on a lane's NAT, would get a second way out."""

BY_STRATEGY: dict[type[Any], set[str]] = {
    NatGateway: {lanes.SUBNET, lanes.NAT, lanes.ROUTE_TABLE, lanes.ROUTE, lanes.SUBNET_ROUTES, lanes.NODES},
    CiliumGateway: {lanes.ADDRESS_ASSOCIATION},
}
"""By egress strategy, the types that only it makes."""
OF_A_STRATEGY = set[str]().union(*BY_STRATEGY.values())
OF_LANES = OF_A_STRATEGY | {lanes.ADDRESS, lanes.REVERSE_NAME}
TAGGED = {lanes.ADDRESS, lanes.SUBNET, lanes.NAT, lanes.ROUTE_TABLE, lanes.NODES}

ABOUT = About(
    name="lane-network",
    display_name="Lane network",
    description=(
        "Subnet, route, NAT gateway, nodes and address of a lane are as committed: one zone, one default route to the "
        "NAT, no IPv6, no internet gateway, no CNI tag."
    ),
    why=(
        "Receivers judge the source address. An IPv6 route, a public address on a node or a second address on the NAT "
        "lets mail leave with a reputation that is not the lane's."
    ),
    remediation="Declare Lane (components/lane.py), which takes zone, subnet and NAT from the environment's config.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(of_types(lanes.SUBNET), "tags", "vpcId", "cidrBlock", "availabilityZone", *FORBIDDEN[lanes.SUBNET]),
        *plan(of_types(lanes.ROUTE_TABLE), "tags", "vpcId", *FORBIDDEN[lanes.ROUTE_TABLE]),
        *plan(of_types(lanes.ROUTE), "destinationCidrBlock", *FORBIDDEN[lanes.ROUTE]),
        *plan(of_types(lanes.SUBNET_ROUTES), *FORBIDDEN[lanes.SUBNET_ROUTES]),
        *plan(of_types(lanes.NAT), "tags", "subnetId", "connectivityType", "availabilityMode", *FORBIDDEN[lanes.NAT]),
        *plan(
            of_types(lanes.NODES),
            *("tags", "labels", "taints", "clusterName", "nodeRoleArn"),
            *FORBIDDEN[lanes.NODES],
        ),
        *plan(of_types(lanes.ADDRESS), "tags", *FORBIDDEN[lanes.ADDRESS]),
        *plan(of_types(*sorted(OF_LANES)), "region"),
        *plan(
            of_types(lanes.ADDRESS_ASSOCIATION),
            *("networkInterfaceId", "privateIpAddress"),
            *FORBIDDEN[lanes.ADDRESS_ASSOCIATION],
        ),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    what = title(resource)
    if resource.type in FOREIGN:
        yield f"{what} would open a second way out for lanes. Remove it from the stack; the VPC's owner keeps it."
        return
    if resource.type not in OF_LANES:
        return
    if is_campaign_stack(resource):
        yield f"{what} is declared by a campaign, and lanes belong to the environment. Declare it in infra/."
        return
    environment = committed.environment(resource.stack)
    strategy = environment.egress.strategy
    if resource.type in OF_A_STRATEGY - BY_STRATEGY.get(type(environment.egress), set()):
        yield f"{what} has no part in the strategy {strategy}, and could send mail out by another address. Remove it."
        return
    for field in FORBIDDEN.get(resource.type, ()):
        if at(resource.props, field) not in (None, UNKNOWN, False, "", [], {}):
            yield f"{what} sets {field}, which could lead around the lane's one address. Remove {field}."
    region = environment.aws.region if environment.aws else None
    if at(resource.props, "region") not in (None, UNKNOWN, region):
        yield f"{what} is in a region of its own, and so no part of the lane. Remove region."
    if resource.type in TAGGED:
        yield from _lane(resource, what, environment)
    check = CHECKS.get(resource.type)
    if check:
        yield from check(resource, what, environment)


def _lane(resource: Resource, what: str, environment: Environment) -> Iterator[str]:
    if mapping(resource.props, "tags").get(labels.LANE) is UNKNOWN:
        return
    lane = lanes.lane(resource)
    if lane not in environment.lanes:
        shown = f"the lane {lane}, which is not committed" if lane else "no lane"
        yield (
            f"{what} is tagged with {shown}. Set the tag {labels.LANE} to one of "
            f"{', '.join(sorted(environment.lanes)) or '(no lane is committed)'}."
        )


def _config(resource: Resource, environment: Environment) -> Lane | None:
    return environment.lanes.get(lanes.lane(resource))


def _differs(what: str, props: Mapping[str, Any], expected: Mapping[str, object]) -> Iterator[str]:
    """Fields that differ from what is committed; an unknown one is a violation already."""
    for field, right in expected.items():
        found = props.get(field)
        if found is not UNKNOWN and found != right:
            shown = "missing" if found is None else found
            yield f"{what}: {field} is {shown}, but the committed config says {right}. Set it to {right}."


def _subnet(resource: Resource, what: str, environment: Environment) -> Iterator[str]:
    lane = _config(resource, environment)
    if lane:
        yield from _differs(what, resource.props, {"cidrBlock": str(lane.subnet), "availabilityZone": lane.zone})
    if CNI_TAG in mapping(resource.props, "tags"):
        yield (
            f"{what} carries the tag {CNI_TAG}, by which the VPC CNI puts pods of other lanes into it. Remove the tag."
        )

    yield from _vpc(resource, what, environment)


def _vpc(resource: Resource, what: str, environment: Environment) -> Iterator[str]:
    if isinstance(environment.egress, NatGateway):
        yield from _differs(what, resource.props, {"vpcId": environment.egress.vpc_id})


def _route(resource: Resource, what: str, _environment: Environment) -> Iterator[str]:
    destination = at(resource.props, "destinationCidrBlock")
    if destination not in (lanes.EVERYWHERE, UNKNOWN):
        shown = "nowhere by IPv4" if destination is None else destination
        yield (
            f"{what} leads to {shown}, and a lane has one route, to {lanes.EVERYWHERE} by its NAT gateway. Remove this "
            "route."
        )
    if "natGatewayId" not in resource.props:
        yield f"{what} does not lead to a NAT gateway. Set natGatewayId to that of the lane."


def _nat(resource: Resource, what: str, environment: Environment) -> Iterator[str]:
    lane, egress = _config(resource, environment), environment.egress
    if at(resource.props, "connectivityType") not in (None, UNKNOWN, "public"):
        yield f"{what} is private and has no address of its own. Set connectivityType to public."
    if at(resource.props, "availabilityMode") not in (None, UNKNOWN, "zonal"):
        yield f"{what} spans zones, with an address in each, and a lane has one address. Set availabilityMode to zonal."
    if lane and lane.zone and isinstance(egress, NatGateway):
        yield from _differs(what, resource.props, {"subnetId": egress.public_subnet_ids.get(lane.zone)})


def _nodes(resource: Resource, what: str, environment: Environment) -> Iterator[str]:
    lane, cluster = lanes.lane(resource), environment.cluster
    joined = {"clusterName": cluster.eks_cluster_name, "nodeRoleArn": cluster.node_role_arn}
    yield from _differs(what, resource.props, joined)
    taints = items(resource.props, "taints")
    expected = {"key": labels.LANE, "value": lane, "effect": TAINT_EFFECT}
    if UNKNOWN not in (at(resource.props, "taints"), *taints) and expected not in taints:
        yield (
            f"{what} does not keep other pods off the lane's nodes. Add the taint {labels.LANE}={lane}:{TAINT_EFFECT}."
        )
    found = at(resource.props, "labels", labels.LANE)
    if found not in (lane, UNKNOWN):
        shown = "no lane" if found is None else f"the lane {found}"
        yield (
            f"{what} labels its nodes with {shown}, and senders look for {lane} there. Set its label {labels.LANE} to "
            f"{lane}."
        )


def _association(resource: Resource, what: str, environment: Environment) -> Iterator[str]:
    egress = environment.egress
    if not isinstance(egress, CiliumGateway):
        return
    yield from _differs(what, resource.props, {"networkInterfaceId": egress.network_interface_id})
    known = {str(lane.private_address) for lane in environment.lanes.values() if lane.private_address}
    found = at(resource.props, "privateIpAddress")
    if found is not UNKNOWN and found not in known:
        yield (
            f"{what} puts an address on {found or 'whatever AWS picks'}, which no lane has as its private_address. Set "
            f"privateIpAddress to one of {', '.join(sorted(known)) or '(no lane has one)'}."
        )


CHECKS: dict[str, Callable[[Resource, str, Environment], Iterator[str]]] = {
    lanes.SUBNET: _subnet,
    lanes.ROUTE_TABLE: _vpc,
    lanes.ROUTE: _route,
    lanes.NAT: _nat,
    lanes.NODES: _nodes,
    lanes.ADDRESS_ASSOCIATION: _association,
}

RULE = resource_rule(ABOUT, judge)
