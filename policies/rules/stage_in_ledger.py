"""A lane is not warmer than its ledger, or the mail that was delivered by it, says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.known import SnapshotConfig
from policies.rule import About, Resource, configured_resource_rule
from policies.sender_document import INPUTS, is_sender_config
from warmlane.environment import Lane
from warmlane.snapshot import LaneFacts

ABOUT = About(
    name="stage-in-ledger",
    display_name="Stage in the ledger",
    description=(
        "The committed stage of a lane is not above the sending days in a snapshot of the last 48 hours; where that "
        "has no ledger, it counts no day on which, by the delivered volumes, no mail left."
    ),
    why=(
        "The stage is written by hand, and a day without mail warms nothing: MailerQ's schedules advance only on days "
        "with real sends (mailerq.com, email throttle schedules)."
    ),
    remediation="Write sending_days and sending_days_as_of as the snapshot has them, in Pulumi.<environment>.yaml.",
    severity=Severity.CRITICAL,
    inputs=INPUTS,
)


def judge(resource: Resource, config: SnapshotConfig) -> Iterator[str]:
    """Without a fresh snapshot the last committed stage counts, which is 0 where nobody has written one."""
    if not is_sender_config(resource):
        return
    campaign, snapshot = kubernetes.campaign(resource) or "", config.fresh(resource.stack)
    environment = committed.environment(resource.stack)
    lease = environment.leases.get(campaign)
    facts = snapshot.lanes.get(lease.lane) if snapshot and lease else None
    if snapshot is None or lease is None or facts is None:
        return
    what, lane = kubernetes.title(resource), environment.lanes[lease.lane]
    if facts.sending_days is None:
        yield from _without_ledger(what, lease.lane, lane, facts)
    elif lane.stage > facts.sending_days:
        yield (
            f"{what} counts {lane.stage} sending days of lane {lease.lane}, and the ledger had {facts.sending_days} on "
            f"{snapshot.taken:%Y-%m-%d}. Set lanes.{lease.lane}.sending_days to {facts.sending_days}, with its date."
        )


def _without_ledger(what: str, lane_id: str, lane: Lane, facts: LaneFacts) -> Iterator[str]:
    """A day of which nothing is known may have been one with mail; what was adopted is vouched for."""
    as_of = lane.sending_days_as_of
    if as_of is None:
        return
    days = [lane.started + timedelta(days=offset) for offset in range((as_of - lane.started).days + 1)]
    possible = [day for day in days if facts.delivered.get(day) != 0]
    most = len(possible) + (lane.adopted.stage if lane.adopted else 0)
    if lane.stage > most:
        yield (
            f"{what} counts {lane.stage} sending days of lane {lane_id} up to {as_of}, and without the days on "
            f"which nothing was delivered there can't be more than {most}. Set lanes.{lane_id}.sending_days to {most} "
            "or less."
        )
    elif lane.stage and as_of not in possible:
        last = f"{possible[-1]} or before" if possible else "the day it was adopted on"
        yield (
            f"{what} counts mail of lane {lane_id} up to {as_of}, and nothing was delivered on that day. Set "
            f"lanes.{lane_id}.sending_days_as_of to the last day with mail, {last}."
        )


RULE = configured_resource_rule(ABOUT, SnapshotConfig, judge)
