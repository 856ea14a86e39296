"""What the organisation allows its campaigns, whatever their lanes could carry."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.rule import About, Resource, resource_rule
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read

ABOUT = About(
    name="organisation-caps",
    display_name="Caps of the organisation",
    description="Neither a campaign's daily volume nor that of all campaigns of the environment exceeds its cap.",
    why=(
        "Mailbox providers add up what one organisation sends (Google counts the subdomains of a primary domain "
        "together, support.google.com/a/answer/14229414), so a campaign that is in order alone can be too much."
    ),
    remediation="Lower daily_volume, or have caps in Pulumi.<environment>.yaml raised by those who answer for them.",
    severity=Severity.HIGH,
    inputs=INPUTS,
)


def judge(resource: Resource) -> Iterator[str]:
    if not is_sender_config(resource):
        return
    what, campaign = kubernetes.title(resource), kubernetes.campaign(resource) or ""
    environment = committed.environment(resource.stack)
    try:
        volume = read(resource).daily_volume
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    caps, file = environment.caps, f"Pulumi.{committed.environment_name(resource.stack)}.yaml"
    if caps.campaign_daily_volume is not None and volume > caps.campaign_daily_volume:
        yield (
            f"{what} plans {volume} messages/day, and {file} caps a campaign at {caps.campaign_daily_volume} "
            f"(caps.campaign_daily_volume). Lower daily_volume to {caps.campaign_daily_volume} or less."
        )
    if caps.daily_volume is None:
        return
    others = {
        name: one.daily_volume
        for name, one in committed.campaigns(resource.stack).items()
        if name != campaign and name in environment.leases
    }
    total = volume + sum(others.values())
    if total > caps.daily_volume:
        left = max(caps.daily_volume - sum(others.values()), 0)
        yield (
            f"{what} brings all campaigns to {total} messages/day, and {file} caps them at {caps.daily_volume} "
            f"together (caps.daily_volume). The other {len(others)} leave {left}: lower daily_volume here or there."
        )


RULE = resource_rule(ABOUT, judge)
