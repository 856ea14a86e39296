"""What a replica asks for the right to one delivery attempt: tokens out of blocks that the store has counted before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from services.store import database
from services.store.tokens import give_back, lease_block
from warmlane.pacing.blocks import Block
from warmlane.pacing.caps import Caps
from warmlane.pacing.clock import SteadyClock, agree
from warmlane.pacing.moments import UTC_DAY, Moment, moment


class ClocksDisagree(Exception):
    """The process' clock and the store's tell different times: one of them is wrong, so nothing is sent."""


@dataclass(frozen=True)
class Token:
    """The right to one delivery attempt, with the hour and the day that it is booked to."""

    provider: str
    day: int
    hour: int


def boot_clock() -> float:
    """Seconds since the machine booted, suspended time included; setting the clock does not change it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Pacer:
    """Tokens of one lane for one replica. Its methods may be called from several threads."""

    def __init__(
        self,
        engine: Engine,
        lane: str,
        *,
        day_length: int = UTC_DAY,
        boot: Callable[[], float] = boot_clock,
        wall: Callable[[], float] = time.time,
        store_clock: Callable[[Connection], float] = database.clock,
    ) -> None:
        """`day_length` in seconds; the wall clock is read here, and again only until the store's has confirmed it."""
        self._engine = engine
        self._lane = lane
        self._day_length = day_length
        self._boot = boot
        self._store_clock = store_clock
        self._wall = wall
        self._clock = SteadyClock(wall(), boot())
        self._confirmed = False
        self._blocks: dict[str, Block] = {}
        self._leased: dict[str, int] = {}
        """Tokens of each block as it came from the store: the most that may be in hand, for a crash loses them."""
        self._none_left: dict[str, tuple[Caps, Moment]] = {}
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since 1970 UTC by the clock that nobody sets."""
        return self._clock.now(self._boot())

    def moment(self) -> Moment:
        """Where this moment lies in the sending day."""
        return moment(self.now(), self._day_length)

    def take(self, provider: str, caps: Caps) -> Token | None:
        """A token, or None when there is none in this second. Caps of 0 give none, whatever a block still holds.

        Raises StoreUnavailable, ClocksDisagree and LaneUnknown; each of them means that no connection is made.
        """
        with self._lock:
            at = self.moment()
            if min(caps.lane, caps.provider) < 1:
                return None
            block = self._blocks.get(provider)
            if block is None or not block.valid(at):
                # Tokens are released by the second, so that a long queue asks the store once in each.
                if self._none_left.get(provider) == (caps, at):
                    return None
                block = self._next_block(block, provider, caps, at)
            if block.left == 0:
                self._none_left[provider] = caps, at
                return None
            self._blocks[provider] = block.take()
            return Token(provider, block.day, block.hour)

    def put_back(self, token: Token) -> None:
        """Gives a token back whose attempt made no connection. Raises StoreUnavailable; the token is then lost."""
        with self._lock:
            block = self._blocks.get(token.provider)
            same_hour = block is not None and (block.day, block.hour) == (token.day, token.hour)
            if block is not None and same_hour and block.left < self._leased[token.provider]:
                self._blocks[token.provider] = block.put_back()
            else:
                self._return(Block(self._lane, token.provider, token.day, token.hour, 1))

    def close(self) -> None:
        """Gives back what is left. Raises StoreUnavailable; the rest is then lost."""
        with self._lock:
            while self._blocks:
                self._return(self._blocks.popitem()[1])

    def _next_block(self, old: Block | None, provider: str, caps: Caps, at: Moment) -> Block:
        if old is not None:
            # Out of hand before it is given back: an unknown outcome loses it, and never gives it back twice.
            del self._blocks[provider]
            self._return(old)
        with database.transaction(self._engine) as connection:
            if not agree(self.now(), self._store_clock(connection)):
                if not self._confirmed:
                    # As a start anew would do: the machine's clock may have been set right since.
                    self._clock = SteadyClock(self._wall(), self._boot())
                raise ClocksDisagree("this machine's clock and the store's tell different times: set them right (NTP)")
            self._confirmed = True
            block = lease_block(connection, self._lane, provider, caps, at)
        self._leased[provider] = block.left
        return block

    def _return(self, block: Block) -> None:
        if block.left > 0:
            with database.transaction(self._engine) as connection:
                give_back(connection, block)
