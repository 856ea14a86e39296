"""A lane is not warmer than its ledger says."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.leases import fresh_snapshot
from policies.rule import About, Resource, resource_rule
from policies.sender_document import INPUTS, is_sender_config

ABOUT = About(
    name="stage-in-ledger",
    display_name="Stage in the ledger",
    description="The committed stage of a lane is not above the sending days in a snapshot of the last 48 hours.",
    why="The stage is written by hand; the ledger counts the days on which mail was really delivered.",
    remediation="Write sending_days and sending_days_as_of as the snapshot has them, in Pulumi.<environment>.yaml.",
    severity=Severity.CRITICAL,
    inputs=INPUTS,
)


def judge(resource: Resource) -> Iterator[str]:
    """Without a fresh snapshot the last committed stage counts, which is 0 where nobody has written one."""
    if not is_sender_config(resource):
        return
    campaign, snapshot = kubernetes.campaign(resource) or "", fresh_snapshot(resource.stack)
    environment = committed.environment(resource.stack)
    lease = environment.leases.get(campaign)
    facts = snapshot.lanes.get(lease.lane) if snapshot and lease else None
    if snapshot is None or lease is None or facts is None or facts.sending_days is None:
        return
    stage = environment.lanes[lease.lane].stage
    if stage > facts.sending_days:
        yield (
            f"{kubernetes.title(resource)} counts {stage} sending days of lane {lease.lane}, and the ledger had "
            f"{facts.sending_days} on {snapshot.taken:%Y-%m-%d}. Set lanes.{lease.lane}.sending_days to "
            f"{facts.sending_days}, with its date."
        )


RULE = resource_rule(ABOUT, judge)
