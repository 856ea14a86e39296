"""A block of tokens that was leased: taken one by one, given back only when no connection was made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from warmlane.pacing.moments import Moment


@dataclass(frozen=True)
class Block:
    """Tokens of one lane and mailbox provider, valid in one sending hour; `left` of them are not taken yet.

    The store has counted all of them before the first is taken. A process that dies with some left has lost them.
    """

    lane: str
    provider: str
    day: int
    hour: int
    left: int

    def valid(self, at: Moment) -> bool:
        """Whether a token can be taken at this moment."""
        return self.left > 0 and (self.day, self.hour) == (at.day, at.hour)

    def take(self) -> Block:
        """The block after one token was taken. Raises ValueError when none is left."""
        if self.left < 1:
            raise ValueError(f"the block of lane {self.lane} for {self.provider} has no token left to take")
        return replace(self, left=self.left - 1)

    def put_back(self) -> Block:
        """The block after a taken token came back, whose attempt made no connection."""
        return replace(self, left=self.left + 1)
