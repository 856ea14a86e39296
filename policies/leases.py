"""What rules ask of the committed leases: how far a lane is, and which leases are new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from policies import committed, kubernetes
from policies.inputs import plan
from policies.rule import Resource
from policies.scopes import named
from warmlane import names
from warmlane.environment import Lane, Lease, LeaseState
from warmlane.snapshot import Snapshot
from warmlane.warmup.schedule import REPUTATION_DAYS, Start

TABLE_INPUTS = plan(named("ConfigMap", names.LEASE_TABLE_CONFIG_MAP), "data")
"""What makes a rule on leases speak: the table in the environment's stack."""

NEW_DAYS = 7
"""Days after its first one in which a lease is new, where no snapshot tells what is deployed."""


def is_lease_table(resource: Resource) -> bool:
    """Whether a resource is the table of who holds which lane."""
    return kubernetes.kind(resource) == "ConfigMap" and kubernetes.name(resource) == names.LEASE_TABLE_CONFIG_MAP


def active(stack: str) -> Iterator[tuple[str, Lease]]:
    """Campaign and lease of every committed lease that is not ending."""
    for campaign, lease in committed.environment(stack).leases.items():
        if lease.state is LeaseState.ACTIVE:
            yield campaign, lease


def begin(lane: Lane, lease: Lease) -> Start:
    """Sending days behind the lane, and the day of the first limit, reckoned day by day from what is committed.

    A day that the stage counts already, or on which the lease has not begun, has no limit. A lane without mail for more
    than 30 days starts over. It is reckoned apart from `warmlane.warmup.schedule`, which rules judge.
    """
    counted = lane.stage_as_of
    day = lease.since
    while counted is not None and day <= counted:
        day += timedelta(days=1)
    kept = counted is not None and counted >= day - timedelta(days=REPUTATION_DAYS)
    return Start(lane.stage if kept else 0, day)


def is_new(campaign: str, lease: Lease, stack: str, last: Snapshot | None) -> bool:
    """Whether a lease was not deployed when the last snapshot was taken, whatever its `since` says.

    Where no snapshot ever had a lane (there is none, or it was taken before the first `up`), only the committed config
    can tell. Its dates are easily written, so a lease is known there only if it is older than 7 days and somebody
    answers for mail on it: sending days that were counted since it began, or, for the first lease of an adopted lane,
    the evidence with which the lane entered. A cold lane with an early `since` is new.
    """
    if last is not None and last.lanes:
        return last.leases.get(campaign) != lease.lane
    lane = committed.environment(stack).lanes[lease.lane]
    counted = lane.sending_days > 0 and lane.sending_days_as_of is not None and lane.sending_days_as_of >= lease.since
    entered = lane.adopted is not None and not lane.leases
    return lease.since > committed.today() - timedelta(days=NEW_DAYS) or not (counted or entered)
