"""What a lane may take now: caps of day, hour and provider, spread over the hour.

By the end of sending hour h of 24 at most ceil(limit x h / 24) tokens are taken. What is unused carries over to the
next hour of the same day, and an hour's share, the carried part included, is released evenly over it: a backlog that
waits at 20:00 goes out over an hour, not in its first minute.
"""

from __future__ import annotations

from dataclasses import dataclass

from warmlane.pacing.moments import HOURS, Moment

BLOCK_PERCENT = 1
"""A block of tokens is at most this part of the hour's cap, so that a crash loses little."""


@dataclass(frozen=True)
class Caps:
    """Caps of a lane and of one mailbox provider behind it."""

    lane: int
    """Messages/day of the lane."""
    provider: int
    """Messages/day of the lane at the provider."""
    provider_hour: int | None = None
    """Messages of the lane at the provider in one sending hour; None without such a cap."""


@dataclass(frozen=True)
class Used:
    """Tokens taken on this day: by the lane and by the lane at the provider, before this hour and in it."""

    lane_before: int
    lane_now: int
    provider_before: int
    provider_now: int


def hour_end(limit: int, hour: int) -> int:
    """Tokens of a day that may be taken by the end of sending hour `hour` (1 to 24)."""
    return -(-limit * hour // HOURS)


def room(caps: Caps, used: Used, at: Moment) -> int:
    """Tokens that the lane may still take for the provider at this moment."""
    left = min(
        _released(hour_end(caps.lane, at.hour) - used.lane_before, at) - used.lane_now,
        _released(hour_end(caps.provider, at.hour) - used.provider_before, at) - used.provider_now,
    )
    if caps.provider_hour is not None:
        left = min(left, _released(caps.provider_hour, at) - used.provider_now)
    return max(left, 0)


def block_size(caps: Caps) -> int:
    """Tokens that are leased at once: 1 % of the hour's cap, at least one."""
    hour = min(hour_end(caps.lane, 1), hour_end(caps.provider, 1))
    if caps.provider_hour is not None:
        hour = min(hour, caps.provider_hour)
    return max(hour * BLOCK_PERCENT // 100, 1)


def grant(caps: Caps, used: Used, at: Moment) -> int:
    """Tokens of the next block; 0 when there is no room now."""
    return min(room(caps, used, at), block_size(caps))


def _released(share: int, at: Moment) -> int:
    """The part of an hour's share that is released by now, rounded up; all of it in the hour's last second."""
    return -(-share * (at.second + 1) // at.hour_length)
