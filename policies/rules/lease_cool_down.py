"""Between two campaigns a lane rests."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.known import SnapshotConfig
from policies.leases import TABLE_INPUTS, active, is_lease_table
from policies.rule import About, Resource, configured_resource_rule
from warmlane.environment import Lease
from warmlane.warmup.schedule import REPUTATION_DAYS

ABOUT = About(
    name="lease-cool-down",
    display_name="Cool-down between leases",
    description="30 whole days lie between a campaign's lease and the next campaign's lease of the same lane.",
    why=(
        "Mailbox providers remember an address for about 30 days (Twilio SendGrid, Warm up IP addresses): before that "
        "one campaign answers for another's mail, and addresses that go round look like a snowshoe spammer's."
    ),
    remediation="Lease another lane, or let the lease begin later; ended leases stay listed under lanes.<lane>.leases.",
    severity=Severity.HIGH,
    inputs=TABLE_INPUTS,
)


def judge(resource: Resource, config: SnapshotConfig) -> Iterator[str]:
    if not is_lease_table(resource):
        return
    snapshot = config.last(resource.stack)
    holders = {lane: holder for holder, lane in snapshot.leases.items()} if snapshot else {}
    for campaign, lease in active(resource.stack):
        yield from _after_the_last(resource, campaign, lease)
        yield from _recorded(resource, campaign, lease, holders.get(lease.lane, campaign))


def _after_the_last(resource: Resource, campaign: str, lease: Lease) -> Iterator[str]:
    others = [
        past
        for past in committed.environment(resource.stack).lanes[lease.lane].leases
        if past.campaign != campaign and past.since <= lease.since
    ]
    if not others:
        return
    last = max(others, key=lambda past: past.until)
    rested = (lease.since - last.until).days - 1
    if rested < REPUTATION_DAYS:
        yield (
            f"{kubernetes.title(resource)} gives lane {lease.lane} to {campaign} from {lease.since} on, "
            f"{max(rested, 0)} days after {last.campaign} ended on {last.until}, and {REPUTATION_DAYS} must lie "
            "between. Lease another lane, or begin later."
        )


def _recorded(resource: Resource, campaign: str, lease: Lease, holder: str) -> Iterator[str]:
    """A lease that the snapshot has and the config has not must have left its entry in the lane's history."""
    lane = committed.environment(resource.stack).lanes[lease.lane]
    if holder != campaign and holder not in {past.campaign for past in lane.leases}:
        yield (
            f"{kubernetes.title(resource)} gives lane {lease.lane} to {campaign}, and {holder} had it in the snapshot. "
            f"Write that lease with its last day under lanes.{lease.lane}.leases; the lane then rests for "
            f"{REPUTATION_DAYS} days."
        )


RULE = configured_resource_rule(ABOUT, SnapshotConfig, judge)
