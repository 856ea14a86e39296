"""The upper bound of every warm-up, which nothing lifts but a signed override.

SparkPost's table is the fastest of the published ones that a sender documents for its own addresses
(SparkPost/support-docs, content/docs/deliverability/ip-warm-up-overview.md, read 2026-08).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.leases import begin
from policies.rule import About, Resource, resource_rule
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read
from warmlane.warmup.plans import upper_bound

ABOUT = About(
    name="warm-up-upper-bound",
    display_name="Upper bound of a warm-up",
    description=(
        "No day exceeds SparkPost's figure for the lane's sending day, but up to the end of an override that says who "
        "decided it and why."
    ),
    why="No sender publishes a faster warm-up of its own addresses; whoever goes faster should sign for it.",
    remediation="Lower the limits, or write leases.<campaign>.override (by, why, until) in Pulumi.<environment>.yaml.",
    severity=Severity.CRITICAL,
    inputs=INPUTS,
)


def judge(resource: Resource) -> Iterator[str]:
    if not is_sender_config(resource):
        return
    what, campaign = kubernetes.title(resource), kubernetes.campaign(resource) or ""
    environment = committed.environment(resource.stack)
    lease = environment.leases.get(campaign)
    try:
        limits = read(resource).warm_up.limits
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    if lease is None:
        yield f"{what} has limits for {campaign}, which holds no lane. Lease one to it."
        return
    start = begin(environment.lanes[lease.lane], lease)
    until = lease.override.until if lease.override else None
    for offset, limit in enumerate(limits):
        day, number = start.day + timedelta(days=offset), start.stage + 1 + offset
        # The last limit stands for every later day, so no override covers it.
        is_lifted = until is not None and day <= until and offset < len(limits) - 1
        most = upper_bound(number)
        if limit > most and not is_lifted:
            over = f" and the override ends on {until}" if until else " and no override lifts it"
            yield (
                f"{what} allows {limit} messages on {day}, sending day {number}; the upper bound is {most}{over}. "
                f"Lower the limit to {most} or less, or write leases.{campaign}.override with by, why and until."
            )


RULE = resource_rule(ABOUT, judge)
