"""Ways to spoil the lanes of `prod`, which leave by NAT gateways; the same shape as in `environment_mutants.py`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.policies.harness import UNKNOWN, Declared

Stack = dict[str, Declared]
Change = Callable[[Stack], object]


def props(name: str, **changes: Any) -> Change:
    """Sets properties of a resource."""
    return lambda stack: stack[name].props.update(changes)


def drop(name: str) -> Change:
    """Takes a resource out of the stack."""
    return lambda stack: stack.pop(name)


def point(name: str, key: str, *parts: str) -> Change:
    """Lets a property be made from other resources than before."""
    return lambda stack: stack[name].property_dependencies.update({key: [stack[part] for part in parts]})


def literal(name: str, key: str, value: Any) -> Change:
    """Lets a property be a text instead of another resource's output."""

    def change(stack: Stack) -> None:
        stack[name].property_dependencies.pop(key, None)
        stack[name].props[key] = value

    return change


def twin(name: str, **changes: Any) -> Change:
    """Adds a second resource beside one, with the same edges."""

    def change(stack: Stack) -> None:
        added = copy.copy(stack[name])
        added.props = copy.deepcopy(stack[name].props) | changes
        added.name, added.urn = f"{name}-2", f"{stack[name].urn}-2"
        stack[added.name] = added

    return change


def tag(name: str, key: str, value: Any) -> Change:
    """Sets a tag of a resource."""
    return lambda stack: stack[name].props["tags"].update({key: value})


def lane_tag(name: str, lane: Any) -> Change:
    return tag(name, "warmlane.dev/lane", lane)


def add(type_: str, logical_name: str, /, **values: Any) -> Change:
    """Adds a resource without edges."""
    return lambda stack: stack.update(added=Declared(type_, logical_name, values, stack="prod"))


def created(name: str, **outputs: Any) -> Change:
    """Lets a provider have told values of a resource that it made."""
    return lambda stack: stack[name].created.update(outputs)


def both(*changes: Change) -> Change:
    return lambda stack: [change(stack) for change in changes]


GRAPH, NETWORK = "lane-graph", "lane-network"
OTHER_TAINT = [{"key": "warmlane.dev/lane", "value": "ochre", "effect": "NO_SCHEDULE"}]
SOFT_TAINT = [{"key": "warmlane.dev/lane", "value": "cobalt", "effect": "PREFER_NO_SCHEDULE"}]
GATEWAY = "aws:ec2/internetGateway:InternetGateway"

LANE_MUTANTS: list[tuple[str, str, Change, str]] = [
    (GRAPH, "no NAT", drop("cobalt-nat"), "Lane cobalt has no NAT gateway"),
    (GRAPH, "other zone", props("cobalt-host", zoneId="Z9"), "is in another zone than the committed one"),
    (GRAPH, "another answer for some", props("cobalt-host", setIdentifier="eu"), "sets setIdentifier"),
    (GRAPH, "no address", drop("cobalt-address"), "does not take its address from one elastic IP of lane cobalt"),
    (GRAPH, "no A record", drop("ochre-host"), "Lane ochre has no A record ochre.mail.example.com"),
    (GRAPH, "no reverse name", drop("ochre-reverse"), "Lane ochre has no reverse name ochre.mail.example.com"),
    (GRAPH, "no route", drop("cobalt-default-route"), "Lane cobalt has no default route"),
    (GRAPH, "no subnet", drop("cobalt-subnet"), "Lane cobalt has no subnet"),
    (GRAPH, "no association", drop("cobalt-subnet-routes"), "no association of its subnet with a route table"),
    (GRAPH, "no nodes", drop("cobalt-nodes"), "Lane cobalt has no node group"),
    (GRAPH, "two NATs", twin("cobalt-nat"), "NatGateway cobalt-nat-2 is a second NAT gateway of lane cobalt"),
    (GRAPH, "two routes", twin("cobalt-default-route"), "is a second default route of lane cobalt"),
    (GRAPH, "two subnets", twin("cobalt-subnet"), "is a second subnet of lane cobalt"),
    (GRAPH, "two route tables", twin("cobalt-routes"), "is a second route table of lane cobalt"),
    (GRAPH, "two node groups", twin("cobalt-nodes"), "is a second node group of lane cobalt"),
    (
        GRAPH,
        "another lane's address",
        point("cobalt-nat", "allocationId", "ochre-address"),
        "NatGateway cobalt-nat takes allocationId from Eip ochre-address. Take it from Eip cobalt-address",
    ),
    (
        GRAPH,
        "both addresses",
        point("cobalt-nat", "allocationId", "cobalt-address", "ochre-address"),
        "takes allocationId from Eip cobalt-address, Eip ochre-address",
    ),
    (
        GRAPH,
        "an address by its id",
        literal("cobalt-nat", "allocationId", "eipalloc-0123456789abcdef0"),
        "takes allocationId from no resource of the lane",
    ),
    (
        GRAPH,
        "another lane's NAT",
        point("cobalt-default-route", "natGatewayId", "ochre-nat"),
        "Route cobalt-default-route takes natGatewayId from NatGateway ochre-nat",
    ),
    (
        GRAPH,
        "another lane's table",
        point("cobalt-subnet-routes", "routeTableId", "ochre-routes"),
        "takes routeTableId from RouteTable ochre-routes",
    ),
    (
        GRAPH,
        "another lane's subnet",
        point("cobalt-nodes", "subnetIds", "ochre-subnet"),
        "NodeGroup cobalt-nodes takes subnetIds from Subnet ochre-subnet",
    ),
    (
        GRAPH,
        "a subnet more, by its id",
        props("cobalt-nodes", subnetIds=[UNKNOWN, "subnet-0123456789abcdef0"]),
        "has 2 subnetIds, and a lane has one",
    ),
    (
        GRAPH,
        "another lane's name",
        point("cobalt-host", "records", "ochre-address"),
        "Record cobalt-host does not take its address from one elastic IP of lane cobalt",
    ),
    (
        GRAPH,
        "an address more in its name",
        props("cobalt-host", records=[UNKNOWN, "203.0.113.9"]),
        "has 2 records, and a lane has one",
    ),
    (
        GRAPH,
        "another lane's reverse name",
        point("cobalt-reverse", "allocationId", "ochre-address"),
        "EipDomainName cobalt-reverse takes allocationId from Eip ochre-address",
    ),
    (
        GRAPH,
        "a route into somebody's table",
        twin("cobalt-default-route", routeTableId="rtb-1"),
        "second default route",
    ),
    (
        GRAPH,
        "a stray route",
        add("aws:ec2/route:Route", "stray", routeTableId="rtb-0123", destinationCidrBlock="0.0.0.0/0"),
        "Route stray takes routeTableId from no part of a committed lane",
    ),
    (
        GRAPH,
        "a stray association",
        add("aws:ec2/routeTableAssociation:RouteTableAssociation", "stray", subnetId="subnet-1", routeTableId="rtb-1"),
        "RouteTableAssociation stray takes subnetId from no part",
    ),
    (
        GRAPH,
        "an egress policy beside the NAT",
        add("kubernetes:cilium.io/v2:CiliumEgressGatewayPolicy", "p", metadata={"name": "p"}),
        "CiliumEgressGatewayPolicy p has no part in the strategy nat_gateway",
    ),
    (
        GRAPH,
        "another address after creation",
        both(created("cobalt-address", publicIp="203.0.113.4"), created("cobalt-nat", publicIp="203.0.113.5")),
        "NatGateway cobalt-nat has the publicIp 203.0.113.5, and Eip cobalt-address has 203.0.113.4",
    ),
    (
        GRAPH,
        "another name after creation",
        both(created("cobalt-address", publicIp="203.0.113.4"), created("cobalt-host", records=["203.0.113.5"])),
        "Record cobalt-host has the address 203.0.113.5",
    ),
    (NETWORK, "IPv6", props("cobalt-subnet", ipv6CidrBlock="2001:db8::/64"), "Subnet cobalt-subnet sets ipv6CidrBlock"),
    (
        NETWORK,
        "IPv6 at launch",
        props("cobalt-subnet", assignIpv6AddressOnCreation=True),
        "assignIpv6AddressOnCreation",
    ),
    (NETWORK, "NAT64", props("cobalt-subnet", enableDns64=True), "sets enableDns64"),
    (NETWORK, "public nodes", props("cobalt-subnet", mapPublicIpOnLaunch=True), "sets mapPublicIpOnLaunch"),
    (NETWORK, "CNI tag", tag("cobalt-subnet", "kubernetes.io/role/cni", "1"), "carries the tag kubernetes.io/role/cni"),
    (NETWORK, "other range", props("cobalt-subnet", cidrBlock="10.40.9.0/26"), "config says 10.40.240.0/26"),
    (NETWORK, "other zone", props("cobalt-subnet", availabilityZone="eu-central-1b"), "says eu-central-1a"),
    (NETWORK, "NAT in another zone", props("cobalt-nat", subnetId="subnet-0123456789abcdef1"), "subnetId is"),
    (NETWORK, "private NAT", props("cobalt-nat", connectivityType="private"), "Set connectivityType to public"),
    (NETWORK, "regional NAT", props("cobalt-nat", availabilityMode="regional"), "spans zones"),
    (NETWORK, "two addresses", props("cobalt-nat", secondaryAllocationIds=["a"]), "sets secondaryAllocationIds"),
    (NETWORK, "internet gateway", props("cobalt-default-route", gatewayId="igw-1"), "sets gatewayId"),
    (NETWORK, "IPv6 route", props("cobalt-default-route", destinationIpv6CidrBlock="::/0"), "destinationIpv6CidrBlock"),
    (NETWORK, "egress-only gateway", props("cobalt-default-route", egressOnlyGatewayId="e"), "egressOnlyGatewayId"),
    (NETWORK, "peering", props("cobalt-default-route", vpcPeeringConnectionId="p"), "vpcPeeringConnectionId"),
    (NETWORK, "narrow route", props("cobalt-default-route", destinationCidrBlock="8.0.0.0/7"), "leads to 8.0.0.0/7"),
    (
        NETWORK,
        "half of the internet",
        props("cobalt-default-route", destinationCidrBlock="128.0.0.0/1"),
        "leads to 128.0.0.0/1",
    ),
    (
        NETWORK,
        "route to no NAT",
        lambda s: s["cobalt-default-route"].props.pop("natGatewayId"),
        "does not lead to a NAT gateway",
    ),
    (NETWORK, "routes inside", props("cobalt-routes", routes=[{"cidrBlock": "0.0.0.0/0"}]), "sets routes"),
    (NETWORK, "VPN routes", props("cobalt-routes", propagatingVgws=["vgw-1"]), "sets propagatingVgws"),
    (NETWORK, "no taint", props("cobalt-nodes", taints=[]), "does not keep other pods off"),
    (
        NETWORK,
        "other lane's taint",
        props("cobalt-nodes", taints=OTHER_TAINT),
        "Add the taint",
    ),
    (NETWORK, "soft taint", props("cobalt-nodes", taints=SOFT_TAINT), "does not keep other pods off"),
    (
        NETWORK,
        "other lane's label",
        props("cobalt-nodes", labels={"warmlane.dev/lane": "ochre"}),
        "labels its nodes with the lane ochre",
    ),
    (NETWORK, "no label", props("cobalt-nodes", labels={}), "labels its nodes with no lane"),
    (NETWORK, "launch template", props("cobalt-nodes", launchTemplate={"id": "lt-1"}), "sets launchTemplate"),
    (NETWORK, "opened by a key", props("cobalt-nodes", remoteAccess={"ec2SshKey": "k"}), "sets remoteAccess"),
    (NETWORK, "other region", props("cobalt-address", region="us-east-1"), "in a region of its own"),
    (NETWORK, "other VPC", props("cobalt-subnet", vpcId="vpc-9"), "vpcId is vpc-9, but the committed config says"),
    (NETWORK, "routes of another VPC", props("cobalt-routes", vpcId="vpc-9"), "vpcId is vpc-9"),
    (NETWORK, "other rights", props("cobalt-nodes", nodeRoleArn="arn:aws:iam::1:role/x"), "nodeRoleArn is arn:aws"),
    (NETWORK, "other cluster", props("cobalt-nodes", clusterName="web"), "clusterName is web"),
    (NETWORK, "address of a machine", props("cobalt-address", instance="i-1"), "sets instance"),
    (NETWORK, "uncommitted lane", lane_tag("cobalt-nat", "teal"), "tagged with the lane teal, which is not committed"),
    (NETWORK, "no lane", lambda s: s["cobalt-subnet"].props["tags"].pop("warmlane.dev/lane"), "tagged with no lane"),
    (NETWORK, "internet gateway of its own", add(GATEWAY, "igw", vpcId="vpc-1"), "InternetGateway igw would open"),
    (
        NETWORK,
        "associated address",
        add("aws:ec2/eipAssociation:EipAssociation", "a", allocationId="eipalloc-1"),
        "EipAssociation a has no part in the strategy nat_gateway",
    ),
]
