"""How replicas share the sessions that a lane may have open at one mailbox provider."""

from __future__ import annotations

from warmlane.pacing.clock import TOLERANCE

SHARE_SECONDS = 60.0
"""Seconds for which a replica holds its share; it renews it well before, or closes its sessions."""
KEPT_SECONDS = SHARE_SECONDS + 2 * TOLERANCE
"""Seconds for which nobody else gets it: the clocks of two replicas may each differ from the store's."""


def share(cap: int, others: int, replicas: int, open_now: int, wanted: int) -> int:
    """Sessions that a replica may hold, of `cap` for all, when the other replicas hold `others`.

    `replicas` counts all that ask, this one included. A replica that came first shrinks to an even part as its sessions
    close: those that are open stay in its share, as far as the cap allows.
    """
    even = -(-cap // replicas)
    return max(0, min(max(open_now, min(wanted, even)), cap - others))
