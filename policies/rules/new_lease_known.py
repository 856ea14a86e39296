"""A campaign gets a lane only when it is known that nothing speaks against it."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, holds, kubernetes
from policies.known import SnapshotConfig
from policies.leases import TABLE_INPUTS, active, is_lease_table, is_new
from policies.rule import About, Resource, configured_resource_rule
from warmlane.environment import Lease
from warmlane.snapshot import Snapshot

ABOUT = About(
    name="new-lease-known",
    display_name="New lease with known facts",
    description=(
        "A new lease needs a snapshot of the last 48 hours that knows holds and incidents, none of them standing "
        "against the campaign or its sending domain, and does not begin before that snapshot."
    ),
    why=(
        "Moving a held campaign to a fresh lane is the pattern by which blocklists know snowshoe spammers (Spamhaus "
        "CSS), and a lease that is dated back would begin its warm-up in the middle."
    ),
    remediation="Run `warmlane snapshot`, let the lease begin today or later, and release the campaign's hold first.",
    severity=Severity.CRITICAL,
    inputs=TABLE_INPUTS,
)


def judge(resource: Resource, config: SnapshotConfig) -> Iterator[str]:
    if not is_lease_table(resource):
        return
    what, last, snapshot = kubernetes.title(resource), config.last(resource.stack), config.fresh(resource.stack)
    for campaign, lease in active(resource.stack):
        if not is_new(campaign, lease, resource.stack, last):
            continue
        given = f"{what} gives lane {lease.lane} to {campaign}, which did not have it,"
        file, name = config.file(resource.stack), committed.environment_name(resource.stack)
        if snapshot is None or snapshot.holds is None or snapshot.incidents is None:
            yield (
                f"{given} and holds and incidents are unknown: {_why_unknown(file, last, snapshot)}. Run `warmlane "
                f"snapshot -e {name}`, which writes it, then this command again."
            )
        else:
            yield from _held(given, campaign, snapshot, resource.stack)
            yield from _dated_back(given, campaign, lease, snapshot)


def _why_unknown(file: str, last: Snapshot | None, fresh: Snapshot | None) -> str:
    if last is None:
        return f"there is no {file}"
    if fresh is None:
        return f"{file} of {last.taken:%Y-%m-%d %H:%M} is not from the last 48 hours"
    unknown = [key for key in ("holds", "incidents") if getattr(fresh, key) is None]
    return f"{file} does not tell {' and '.join(unknown)}"


def _held(given: str, campaign: str, snapshot: Snapshot, stack: str) -> Iterator[str]:
    for held, hold in holds.counting(campaign, stack, snapshot):
        if hold.stands:
            domain = holds.sending_domain(held, hold, stack)
            who = "the campaign" if held == campaign else f"{held}, which sends for the same domain {domain},"
            yield (
                f"{given} and {who} is {hold.level}: {hold.reason.rstrip('.')}. Release it with a reason before "
                f"{'it' if held == campaign else 'the domain'} gets another lane."
            )
    for held, hold in (snapshot.holds or {}).items():
        if hold.stands and holds.sending_domain(held, hold, stack) is None:
            yield (
                f"{given} and nobody knows whether it sends for the domain of {held}, which is {hold.level}: neither "
                f"the snapshot nor a file of {held} tells that domain. Write it to that hold in the snapshot."
            )


def _dated_back(given: str, campaign: str, lease: Lease, snapshot: Snapshot) -> Iterator[str]:
    if lease.since < snapshot.taken.date():
        yield (
            f"{given} from {lease.since} on, before the snapshot of {snapshot.taken:%Y-%m-%d}, which does not have it. "
            f"Let leases.{campaign}.since be the day of the deploy."
        )


RULE = configured_resource_rule(ABOUT, SnapshotConfig, judge)
