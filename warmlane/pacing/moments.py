"""Sending days and sending hours: where a moment lies in them.

Days are counted from 1970-01-01 00:00 UTC, so that a day of 24 h is a UTC date. A lab may shorten the day; its length
divides 24 h, so that a day begins at every 00:00 UTC, and its 24 sending hours are whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

HOURS = 24
"""Sending hours of a sending day."""
UTC_DAY = 86_400
"""Seconds of a day, and the default length of a sending day."""


@dataclass(frozen=True, order=True)
class Moment:
    """A moment as pacing sees it: `second` of sending hour `hour` (1 to 24) of sending day `day`."""

    day: int
    hour: int
    second: int
    """Whole seconds since the hour began."""
    hour_length: int
    """Seconds of a sending hour."""


def moment(now: float, day_length: int = UTC_DAY) -> Moment:
    """Where `now`, seconds since 1970 UTC, lies.

    Raises ValueError for a day length, in seconds, that does not divide 24 h or whose hours are no whole seconds.
    """
    check_day_length(day_length)
    day, passed = divmod(int(now // 1), day_length)
    hour_length = day_length // HOURS
    return Moment(day, passed // hour_length + 1, passed % hour_length, hour_length)


def check_day_length(day_length: int) -> None:
    """Raises ValueError for a day length, in seconds, that pacing can't work with."""
    if day_length < HOURS or UTC_DAY % day_length or day_length % HOURS:
        raise ValueError(
            f"day_length: {day_length} s is not allowed: a sending day divides 24 h and has 24 hours of whole seconds, "
            "such as 86400, 3600 or 240"
        )


def first_day(day: date, day_length: int = UTC_DAY) -> int:
    """The sending day that begins at 00:00 UTC of a date."""
    check_day_length(day_length)
    return (day - date(1970, 1, 1)).days * (UTC_DAY // day_length)
