"""The document that a sender reads at its start: who it is, and what the warm-up lets it send.

Everything in it is known before anything is deployed, so that the policy pack can judge it in preview; the lane's
address, which may not be, lies in a document of its own.
"""

from __future__ import annotations

from typing import Any

from warmlane import names, sizing
from warmlane.campaign import Campaign
from warmlane.environment import Environment, Lane, Lease
from warmlane.warmup.schedule import schedule, start

CONFIG_DIRECTORY = "/etc/warmlane/config"
"""Where a sender's pod has the ConfigMap `sender-config`."""
IDENTITY_DIRECTORY = "/etc/warmlane/identity"
"""Where it has the ConfigMap `sender-identity`."""
SPOOL_DIRECTORY = "/var/spool/postfix"
"""Where both containers have the queue."""
CONFIG_KEY = "config.json"
"""Key of the ConfigMap `sender-config` under which the document's JSON lies."""
IDENTITY_KEY = "identity.json"
"""Key of the ConfigMap `sender-identity` under which the lane's address lies."""


def sender_config(
    campaign: Campaign, lane_id: str, lane: Lane, lease: Lease, environment: Environment
) -> dict[str, Any]:
    """The sender's configuration as a JSON document; volumes and limits in messages/day, dates in ISO 8601,
    `day_length` in seconds, `spool_mib` in MiB.

    `warm_up` holds the whole schedule: `limits[i]` belongs to the day `starts` + i and to the plan's sending day
    `stage` + 1 + i; the last limit stands for every later day, and nothing is sent before `starts`.
    """
    lifted_until = lease.override.until if lease.override else None
    steps = schedule(campaign.plan, start(lane, lease), campaign.daily_volume, lifted_until)
    return {
        "campaign": campaign.id,
        "lane": lane_id,
        "hostname": names.lane_host(lane_id, environment.domain),
        "sending_domain": campaign.sending_domain,
        "daily_volume": campaign.daily_volume,
        "wanted_by": campaign.wanted_by.isoformat(),
        "day_length": environment.day_length,
        "max_backlog_days": campaign.max_backlog_days,
        "replicas": campaign.sender.replicas,
        "spool": campaign.spool.value,
        "spool_mib": sizing.spool_mib(campaign, environment),
        "warm_up": {
            "plan": campaign.plan.value,
            "stage": steps.start.stage,
            "starts": steps.start.day.isoformat(),
            "limits": list(steps.limits),
        },
    }
