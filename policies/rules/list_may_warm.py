"""A lane is warmed by recipients who want the mail."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.rule import About, Resource, resource_rule
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read

MOST_MONTHS = 6
"""Months after which an address that was neither mailed nor confirmed must agree anew before it warms a lane.

Abandoned mailboxes bounce for 3 to 9 months and may be spam traps afterwards (Validity, "Recycled spam traps",
help.returnpath.com 115002415648, read 2026-08); six months lie in the middle of that.
"""

ABOUT = About(
    name="list-may-warm",
    display_name="List that may warm a lane",
    description="A lane that is not yet at its daily volume is given no list that is older than 6 months.",
    why=(
        "Old lists hold recycled spam traps, and an address without a reputation is listed for the first few of them."
    ),
    remediation=(
        "Confirm the list again and write its age and consent source under recipients, or wait with it until the lane "
        "is warm."
    ),
    severity=Severity.HIGH,
    inputs=INPUTS,
)


def judge(resource: Resource) -> Iterator[str]:
    if not is_sender_config(resource):
        return
    what, campaign = kubernetes.title(resource), kubernetes.campaign(resource) or ""
    try:
        config = read(resource)
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    written = committed.campaign(campaign, resource.stack)
    if written is None:
        yield f"{what} sends to a list that nobody has committed. Write campaigns/Pulumi.{resource.stack}.yaml."
        return
    is_warming = config.warm_up.limits[0] < config.daily_volume
    months = written.recipients.age_months
    if is_warming and months > MOST_MONTHS:
        yield (
            f"{what} warms lane {config.lane} up with a list of {months} months ({written.recipients.consent_source}), "
            f"and at most {MOST_MONTHS} are allowed. Ask the recipients again and set recipients.age_months, or lease "
            f"a lane that already carries {config.daily_volume} messages/day."
        )


RULE = resource_rule(ABOUT, judge)
