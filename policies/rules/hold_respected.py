"""A deploy opens nothing that a hold has closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pulumi_policy import Severity

from policies import committed, holds, kubernetes
from policies.inputs import plan
from policies.known import SnapshotConfig
from policies.leases import begin
from policies.plain import items
from policies.rule import About, Resource, configured_resource_rule
from policies.scopes import of_kinds
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read
from warmlane import names
from warmlane.snapshot import Hold, Snapshot
from warmlane.warmup.plans import step

ABOUT = About(
    name="hold-respected",
    display_name="Hold respected",
    description=(
        "While the snapshot knows of a hold, its campaign's program opens no way out (quarantined, retired) and plans "
        "no more than the throttled part of the warm-up's step (throttled); nor does that of a campaign with the same "
        "sending domain that got its lane later."
    ),
    why="A hold protects a lane's reputation; an update that plans more would undo it without anyone deciding so.",
    remediation="Release the hold with a reason and take a new snapshot, or plan what the hold allows.",
    severity=Severity.CRITICAL,
    inputs=(*INPUTS, *plan(of_kinds("NetworkPolicy"), ("spec", "egress"))),
)


def judge(resource: Resource, config: SnapshotConfig) -> Iterator[str]:
    """A hold of an old snapshot still counts: it ends by release, not by time."""
    campaign, snapshot = kubernetes.campaign(resource), config.last(resource.stack)
    if snapshot is None or not campaign:
        return
    for held, hold in holds.counting(campaign, resource.stack, snapshot):
        if hold.stands and kubernetes.kind(resource) == "NetworkPolicy" and _opens_a_way_out(resource):
            domain = holds.sending_domain(held, hold, resource.stack)
            who = "which" if held == campaign else f"whose domain {domain} is that of {held}, which"
            yield (
                f"{kubernetes.title(resource)} opens a way out for {campaign}, {who} is {hold.level} since "
                f"{hold.since:%Y-%m-%d}: {hold.reason.rstrip('.')}. Release the hold first; until then keep "
                f"{names.SMTP_EGRESS_POLICY} out of the program."
            )
        if not hold.stands and is_sender_config(resource):
            yield from _throttled(resource, campaign, held, hold, snapshot)


def _opens_a_way_out(resource: Resource) -> bool:
    """Whether a policy lets mail out: by its name, or by an egress rule to addresses or to everywhere."""
    rules = items(resource.props, "spec", "egress")
    peers = [items(rule, "to") for rule in rules]
    return kubernetes.name(resource) == names.SMTP_EGRESS_POLICY or any(
        not to or any("ipBlock" in peer for peer in to if isinstance(peer, dict)) for to in peers
    )


def _throttled(resource: Resource, campaign: str, held: str, hold: Hold, snapshot: Snapshot) -> Iterator[str]:
    environment = committed.environment(resource.stack)
    lease = environment.leases.get(campaign)
    try:
        warm_up = read(resource).warm_up
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    if lease is None:
        return
    start = begin(environment.lanes[lease.lane], lease)
    for offset, limit in enumerate(warm_up.limits):
        day, last = start.day + timedelta(days=offset), offset == len(warm_up.limits) - 1
        if day < snapshot.taken.date() and not last:
            continue
        # The last limit stands for every later day, so it is judged by the sending day of the snapshot.
        passed = max(offset, (snapshot.taken.date() - start.day).days) if last else offset
        most = int(step(warm_up.plan, start.stage + 1 + passed) * hold.throttle_factor)
        if limit > most:
            yield (
                f"{kubernetes.title(resource)} plans {limit} messages for {max(day, snapshot.taken.date())}, and the "
                f"hold on {held} ({hold.reason.rstrip('.')}) allows {most}, {hold.throttle_factor:g} of the plan's "
                f"step. Release the hold, or set daily_volume to {most} or less."
            )
            return


RULE = configured_resource_rule(ABOUT, SnapshotConfig, judge)
