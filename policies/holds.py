"""What rules ask of the snapshot's holds: which of them count for a campaign.

A hold is about the mail of a sending domain. Under another campaign's id, on a fresh lane, it would be the same mail.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies import committed
from policies.leases import is_new
from warmlane.snapshot import Hold, Snapshot


def counting(campaign: str, stack: str, last: Snapshot) -> Iterator[tuple[str, Hold]]:
    """Each hold that counts for a campaign, with the campaign that it was set on.

    Its own counts always. Another campaign's with the same sending domain counts where the lease is no older than it:
    two campaigns that have shared a domain before keep their lanes.
    """
    holds = last.holds or {}
    if campaign in holds:
        yield campaign, holds[campaign]
    own, lease = committed.campaign(campaign, stack), committed.environment(stack).leases.get(campaign)
    if own is None or lease is None:
        return
    for other, hold in holds.items():
        is_younger = lease.since >= hold.since.date() or is_new(campaign, lease, stack, last)
        if other != campaign and is_younger and sending_domain(other, hold, stack) == own.sending_domain:
            yield other, hold


def sending_domain(held: str, hold: Hold, stack: str) -> str | None:
    """The domain of a hold: of its record, or else of the held campaign's file; None where there is neither."""
    if hold.sending_domain is not None:
        return hold.sending_domain
    campaign = committed.campaign(held, stack)
    return campaign.sending_domain if campaign else None
