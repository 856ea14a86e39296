"""No lane for a campaign, and no campaign for a lane, with an incident that nobody has dealt with."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.known import SnapshotConfig
from policies.leases import TABLE_INPUTS, active, is_lease_table, is_new
from policies.rule import About, Resource, configured_resource_rule
from warmlane.environment import Incident
from warmlane.snapshot import Snapshot

ABOUT = About(
    name="incident-remedied",
    display_name="Incident remedied first",
    description=(
        "A campaign with an open incident, in the config or in the snapshot, gets no other lane and no new lease, and "
        "a lane with another campaign's open incident is leased to nobody."
    ),
    why=(
        "A burnt address followed by a fresh one is how Spamhaus CSS knows snowshoe spam; what hurt the first lane "
        "hurts the next one as well."
    ),
    remediation="Write under lanes.<lane>.incidents what was done (remediation), or keep the campaign where it is.",
    severity=Severity.CRITICAL,
    inputs=TABLE_INPUTS,
)


def judge(resource: Resource, config: SnapshotConfig) -> Iterator[str]:
    if not is_lease_table(resource):
        return
    what, last = kubernetes.title(resource), config.last(resource.stack)
    incidents = list(_open(resource.stack, last))
    for campaign, lease in active(resource.stack):
        for lane, incident in incidents:
            moved_on = incident.campaign == campaign and (
                lane != lease.lane or is_new(campaign, lease, resource.stack, last)
            )
            burnt = incident.campaign != campaign and lane == lease.lane
            if moved_on or burnt:
                yield (
                    f"{what} gives lane {lease.lane} to {campaign}, and the incident of {incident.occurred} on lane "
                    f"{lane} by {incident.campaign} is open: {incident.what.rstrip('.')}. Write its remediation under "
                    f"lanes.{lane}.incidents first."
                )


def _open(stack: str, last: Snapshot | None) -> Iterator[tuple[str, Incident]]:
    """Lane and incident, of all that have no remediation; the config's word on one comes before the ledger's."""
    settled = set[tuple[str, str, str]]()
    for lane, one in committed.environment(stack).lanes.items():
        for incident in one.incidents:
            settled.add((lane, incident.campaign, incident.occurred.isoformat()))
            if not incident.remediation:
                yield lane, incident
    for known in (last.incidents or []) if last else []:
        if not known.remediation and (known.lane, known.campaign, known.occurred.isoformat()) not in settled:
            yield known.lane, known


RULE = configured_resource_rule(ABOUT, SnapshotConfig, judge)
