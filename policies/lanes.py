"""What rules ask of the AWS resources that make up a lane."""

from __future__ import annotations

from policies.plain import at
from policies.resource import Resource
from warmlane import labels

ADDRESS = "aws:ec2/eip:Eip"
ADDRESS_ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation"
REVERSE_NAME = "aws:ec2/eipDomainName:EipDomainName"
RECORD = "aws:route53/record:Record"
SUBNET = "aws:ec2/subnet:Subnet"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
SUBNET_ROUTES = "aws:ec2/routeTableAssociation:RouteTableAssociation"
NODES = "aws:eks/nodeGroup:NodeGroup"

EVERYWHERE = "0.0.0.0/0"


def lane(resource: Resource) -> str:
    """The lane that a resource is tagged with (a node group or a Kubernetes object: labelled), empty where none is."""
    for path in (("tags",), ("metadata", "labels")):
        found = at(resource.props, *path, labels.LANE)
        if isinstance(found, str):
            return found
    return ""


def is_a(resource: Resource) -> bool:
    """Whether it is a DNS record that gives an IPv4 address."""
    return resource.type == RECORD and at(resource.props, "type") == "A"
