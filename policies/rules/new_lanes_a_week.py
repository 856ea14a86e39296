"""Addresses join slowly."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

from pulumi_policy import Severity
from pydantic import Field

from policies import committed, kubernetes
from policies.about import Looser
from policies.known import SnapshotConfig
from policies.leases import TABLE_INPUTS, is_lease_table
from policies.rule import About, Resource, configured_resource_rule
from warmlane.snapshot import Snapshot

WEEK = timedelta(days=7)

ABOUT = About(
    name="new-lanes-a-week",
    display_name="New lanes a week",
    description="Within any seven days at most five lanes come to be, unless the pack's config says fewer or more.",
    why=(
        "Mail that spreads over many young addresses at low volume is what Spamhaus CSS lists, and the addresses in "
        "the vicinity with it."
    ),
    remediation="Let some lanes start later, or enter addresses that are warm already as adopted, with evidence.",
    severity=Severity.HIGH,
    inputs=TABLE_INPUTS,
)


class NewLanes(SnapshotConfig):
    """What the rule is told beside its name in `policies/config/<environment>.json`."""

    most: Annotated[int, Field(ge=1, le=50), Looser.HIGHER] = Field(
        default=5,
        description="New lanes within seven days. The default is AWS' quota of elastic IPs in a region (Amazon VPC "
        "quotas, docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html).",
    )


def judge(resource: Resource, config: NewLanes) -> Iterator[str]:
    if not is_lease_table(resource):
        return
    started = _started(resource.stack, config.fresh(resource.stack))
    for lane, day in started.items():
        # Weeks that are over are history: nothing can be done about them any more.
        if day <= committed.today() - WEEK:
            continue
        within = sorted(other for other, begun in started.items() if day - WEEK < begun <= day)
        if len(within) > config.most:
            yield (
                f"{kubernetes.title(resource)} stands for {len(within)} lanes that come to be in the seven days up to "
                f"{day} ({', '.join(within)}), and at most {config.most} may. Let {lane} start later."
            )
            return


def _started(stack: str, snapshot: Snapshot | None) -> dict[str, date]:
    """By lane, the day it came to be; one that a fresh snapshot does not have can't be older than that snapshot."""
    found = dict[str, date]()
    for name, lane in committed.environment(stack).lanes.items():
        if lane.adopted is None:
            is_unseen = snapshot is not None and name not in snapshot.lanes
            found[name] = max(lane.started, snapshot.taken.date()) if snapshot and is_unseen else lane.started
    return found


RULE = configured_resource_rule(ABOUT, NewLanes, judge)
