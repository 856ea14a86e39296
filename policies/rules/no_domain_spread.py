"""One sending domain does not go out by more lanes than its volume needs."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.rule import About, Resource, resource_rule
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read

LANE_CEILING = 2_000_000
"""Messages/day that a warm lane carries. SparkPost names 2 to 5 million (SparkPost/support-docs,
content/docs/deliverability/ip-warm-up-overview.md, read 2026-08); the lower end allows more lanes."""

ABOUT = About(
    name="no-domain-spread",
    display_name="No spread of a domain",
    description="Campaigns with one sending domain hold together no more lanes than their daily volume needs.",
    why=(
        "One domain that is sent from several addresses at low volume is what Spamhaus CSS calls snowshoe spam, and a "
        "listing of one address falls back on all of them."
    ),
    remediation="Send from one campaign, or give what is really a stream of its own its own sending domain.",
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
    leases = committed.environment(resource.stack).leases
    volumes = {campaign: config.daily_volume} | {
        name: one.daily_volume
        for name, one in committed.campaigns(resource.stack, config.sending_domain).items()
        if name != campaign and name in leases and one.sending_domain == config.sending_domain
    }
    needed = -(-sum(volumes.values()) // LANE_CEILING)
    if len(volumes) > needed:
        yield (
            f"{what} sends {config.sending_domain} by one of {len(volumes)} lanes ({', '.join(sorted(volumes))}), and "
            f"{sum(volumes.values())} messages/day need {needed}, as a warm lane carries {LANE_CEILING}. Send them "
            "from one campaign."
        )


RULE = resource_rule(ABOUT, judge)
