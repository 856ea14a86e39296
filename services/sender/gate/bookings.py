"""Books what was delivered: a lane's growth follows what its receivers took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from services.sender.gate.ledger import Ledger

BOOKED_EVERY = 1.0
"""Seconds between two bookings."""


class Bookings:
    """Deliveries that are not booked yet, by sending day. `steady` gives seconds that only grow."""

    def __init__(self, ledger: Ledger, steady: Callable[[], float]) -> None:
        self._ledger, self._steady = ledger, steady
        self._delivered: dict[int, int] = {}
        self._booked = 0.0

    def add(self, day: int) -> None:
        """A message was delivered with a token of a day."""
        self._delivered[day] = self._delivered.get(day, 0) + 1

    def due(self) -> bool:
        """Whether the last booking is long enough ago."""
        return self._steady() - self._booked >= BOOKED_EVERY

    async def book(self) -> None:
        """Books all. What is not known to be booked is not booked again: too much would let the lane grow faster than
        its receivers have seen. Raises StoreUnavailable, LaneUnknown."""
        self._booked = self._steady()
        while self._delivered:
            day, messages = self._delivered.popitem()
            await asyncio.to_thread(self._ledger.delivered, day, messages)
