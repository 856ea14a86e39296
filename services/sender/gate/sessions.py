"""How many sessions this replica may have open at each provider."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.sender.gate.ledger import Ledger
from warmlane.pacing.sessions import SHARE_SECONDS
from warmlane.providers import SESSIONS

RENEWED_AFTER = SHARE_SECONDS / 3
"""Seconds; two more renewals may fail before the share is lost."""


@dataclass
class _Share:
    sessions: int
    asked: float


class Sessions:
    """Shares in hand. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._shares: dict[str, _Share] = {}

    def allowed(self, provider: str, now: float) -> int:
        """Sessions that may be open now; 0 without a share that holds."""
        share = self._shares.get(provider)
        return share.sessions if share and now - share.asked < SHARE_SECONDS else 0

    async def renew(self, ledger: Ledger, provider: str, open_now: int, now: float) -> None:
        """Asks for a share of the provider's sessions when the one in hand grows old, or is none.

        Raises StoreUnavailable, LaneUnknown.
        """
        share = self._shares.get(provider)
        if share and now - share.asked < (RENEWED_AFTER if share.sessions else 1.0):
            return
        cap = SESSIONS[provider]
        sessions = await asyncio.to_thread(ledger.share, provider, cap, open_now, cap)
        self._shares[provider] = _Share(sessions, now)
