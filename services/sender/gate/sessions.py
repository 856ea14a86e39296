"""How many sessions this replica may have open at each provider."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from services.sender.gate.ledger import Ledger
from warmlane.pacing.sessions import SHARE_SECONDS
from warmlane.providers import SESSIONS

RENEWED_AFTER = 5.0
"""Seconds. A renewal is also what makes room for a replica that comes later, so it comes much before a share ends."""
IDLE_AFTER = 5.0
"""Seconds without mail after which a share goes back: other replicas would wait minutes for it to end by itself."""


@dataclass
class _Share:
    sessions: int
    asked: float
    used: float


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
        if share:
            share.used = now
        if share and now - share.asked < (RENEWED_AFTER if share.sessions else 1.0):
            return
        cap = SESSIONS[provider]
        sessions = await asyncio.to_thread(ledger.share, provider, cap, open_now, cap)
        self._shares[provider] = _Share(sessions, now, now)

    async def rest(self, ledger: Ledger, provider: str, now: float) -> None:
        """Gives a share back that nothing has needed for a while. Raises StoreUnavailable; it then ends by itself."""
        share = self._shares.get(provider)
        if share and now - share.used >= IDLE_AFTER:
            del self._shares[provider]
            await asyncio.to_thread(ledger.give_up, provider)
