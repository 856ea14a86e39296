"""A lane's address, its A record and its reverse DNS can't be destroyed by a slip: a released address is lost."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.plain import at
from policies.rule import About, Resource, resource_rule

ABOUT = About(
    name="address-protected",
    display_name="Address protected",
    description="Elastic IPs, their reverse DNS and the lanes' A records are protected from destroy.",
    remediation="Declare Lane (components/lane.py), or set protect=True on the resource that the message names.",
    severity=Severity.CRITICAL,
)

ELASTIC_IP = "aws:ec2/eip:Eip"
REVERSE_DNS = "aws:ec2/eipDomainName:EipDomainName"
RECORD = "aws:route53/record:Record"
LANE = "warmlane:lane:Lane"
HOST_SUFFIX = "-host"
"""Ending of the logical name of a lane's A record (`<lane>-host`)."""


def judge(resource: Resource) -> Iterator[str]:
    if _belongs_to_address(resource) and not resource.protect:
        what = resource.type.rsplit(":", 1)[1]
        yield (
            f"{what} {resource.name} is not protected, and an address that is released takes its reputation with it. "
            "Set protect=True on it."
        )


def _belongs_to_address(resource: Resource) -> bool:
    if resource.type in (ELASTIC_IP, REVERSE_DNS):
        return True
    of_lane = LANE in resource.type_chain or resource.name.endswith(HOST_SUFFIX)
    return resource.type == RECORD and of_lane and at(resource.props, "type") == "A"


RULE = resource_rule(ABOUT, judge)
