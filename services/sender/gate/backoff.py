"""When a message is tried again. The queue file's own modification time remembers it, so that restarts keep it.

After a temporary failure qmgr stamps a file STEP seconds into the future, so far that it never tries it again by
itself. The gate adds a STEP for each earlier try, and to the fraction of a second the minutes since the first one: the
stamp tells how often a message was tried, when last and when first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STEP = 10_000_000
"""Seconds, 115 days; Postfix' `minimal_backoff_time`. Longer than any mail is kept."""
SLACK = 60
"""Seconds into the future that are no stamp: qmgr's "still locked" (60 s) and clocks that step a little."""
FIRST, LONGEST = 60.0, 3600.0
"""Seconds between two tries. Greylisting wants a minute or more (RFC 6647 2.1), RFC 5321 4.5.4.1 half an hour in the
long run."""
MOST = 7
"""Tries that are told apart: the seventh already waits for LONGEST. So no stamp passes 2038 soon."""
UNREACHED = MOST + 1
"""STEPs in the stamp of a message of which no try has reached a receiver."""
MINUTE, MINUTES = 60.0, 999_999
"""What a microsecond of the fraction stands for, and the most that it tells: 694 days. A time in a double is exact to a
quarter of a microsecond."""


@dataclass(frozen=True)
class Tried:
    """Tries that a receiver has seen, MOST at most, and when the last one ended (seconds since 1970 UTC)."""

    times: int = 0
    last: float = 0.0
    first: float = 0.0
    """When the first try ended, whether or not it reached a receiver; 0 for a message that was never tried."""

    @property
    def due(self) -> float:
        """When the next try may be made; 0 for a message that no receiver has seen."""
        return self.last + min(FIRST * 2 ** (self.times - 1), LONGEST) if self.times else 0.0

    def again(self, now: float) -> Tried:
        """After one more try that ended `now`."""
        return Tried(min(self.times + 1, MOST), now, self.first or now)

    def unreached(self, now: float) -> Tried:
        """After a try that ended `now` and found no receiver."""
        return Tried(self.times, self.last, self.first or now)

    def stamp(self, now: float) -> float:
        """The modification time that says so; a message that was never tried is stamped `now`."""
        if not self.first:
            return float(int(now))
        at, steps = (self.last, self.times) if self.times else (now, UNREACHED)
        minutes = min(max(round((at - self.first) / MINUTE), 0), MINUTES)
        return int(at) + steps * STEP + minutes / 1_000_000


def tried(modified: float, now: float) -> Tried:
    """What a queue file's modification time says."""
    times = max(math.ceil((modified - now - SLACK) / STEP), 0)
    if not times:
        return Tried()
    whole = math.floor(modified)
    at = float(whole - min(times, UNREACHED) * STEP)
    first = at - round((modified - whole) * 1_000_000) * MINUTE
    return Tried(times, at, first) if times <= MOST else Tried(first=first)
