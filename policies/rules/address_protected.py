"""A lane's address, its A record and its reverse DNS can't be destroyed by a slip: a released address is lost.

An A record is a lane's when the lane's component makes it, when it bears the name of a committed lane's host, or when
it points to an elastic IP or to a committed lane's address; what the program calls it does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, lanes
from policies.inputs import after_creation, plan
from policies.plain import UNKNOWN, at, items
from policies.rule import About, Resource, stack_rule
from policies.scopes import of_types
from warmlane import names

ABOUT = About(
    name="address-protected",
    display_name="Address protected",
    description="Elastic IPs, their reverse DNS and the lanes' A records are protected from destroy.",
    why="An address that is released goes to somebody else, and months of warm-up with it.",
    remediation="Declare Lane (components/lane.py), or set protect=True on the resource that the message names.",
    severity=Severity.CRITICAL,
    inputs=plan(of_types(lanes.RECORD), "type", "name") + after_creation(of_types(lanes.RECORD), "records"),
)

LANE = "warmlane:lane:Lane"


def judge(resources: list[Resource]) -> Iterator[tuple[str, Resource]]:
    addresses = {resource.urn for resource in resources if resource.type == lanes.ADDRESS}
    for resource in resources:
        if resource.protect:
            continue
        what = f"{resource.type.rsplit(':', 1)[1]} {resource.name}"
        if resource.type in (lanes.ADDRESS, lanes.REVERSE_NAME) or _is_a_lanes_record(resource, addresses):
            yield (
                f"{what} is not protected, and an address that is released takes its reputation with it. Set "
                "protect=True on it.",
                resource,
            )
        elif _may_be_a_lanes_record(resource):
            yield (
                f"{what}: Address protected cannot be decided from records, which are known only after deployment and "
                "made from no resource of this plan. Write the address into the plan, or set protect=True on it.",
                resource,
            )


def _is_a_lanes_record(resource: Resource, addresses: set[str]) -> bool:
    if not lanes.is_a(resource):
        return False
    environment = committed.environment(resource.stack)
    hosts = {names.lane_host(lane, environment.domain) for lane in environment.lanes}
    known = {str(lane.address) for lane in environment.lanes.values() if lane.address is not None}
    return (
        LANE in resource.type_chain
        or str(at(resource.props, "name")).rstrip(".").lower() in hosts
        or not addresses.isdisjoint(resource.sources("records"))
        or not known.isdisjoint(map(str, items(resource.props, "records")))
    )


def _may_be_a_lanes_record(resource: Resource) -> bool:
    """Whether an A record points to something of which neither the value nor the resource is known."""
    records = at(resource.props, "records")
    hidden = records is UNKNOWN or UNKNOWN in items(resource.props, "records")
    return lanes.is_a(resource) and hidden and not resource.sources("records")


RULE = stack_rule(ABOUT, judge)
