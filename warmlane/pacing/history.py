"""What a lane has delivered, as far as its limit of today depends on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warmlane.warmup.schedule import REPUTATION_DAYS

RECENT_SENDING_DAYS = 7
"""Sending days whose highest volume bounds the next one."""


@dataclass(frozen=True)
class Delivered:
    """Messages that mailbox providers took on a day; at least one makes it a sending day."""

    day: int
    messages: int


@dataclass(frozen=True)
class Base:
    """What lay behind a lane before its counters began: `Base()` for an address that never sent."""

    sending_days: int = 0
    last: Delivered | None = None
    """The last of those days, with the highest daily volume of that time; None if there was none."""


@dataclass(frozen=True)
class History:
    """A lane on the morning of a day."""

    sending_days: int
    """Sending days behind the lane since its reputation was last forgotten."""
    highest: int
    """Highest messages/day of its last 7 sending days; 0 if it has none."""


def history(base: Base, days: Iterable[Delivered], today: int) -> History:
    """What the days before `today` amount to.

    Days without delivered mail count nothing. After more than 30 idle days mailbox providers have forgotten the lane,
    so it starts over.
    """
    sending_days, recent, last = base.sending_days, list[int](), None
    if base.last is not None:
        recent, last = [base.last.messages], base.last.day
    for delivered in sorted(days, key=lambda each: each.day):
        if delivered.messages < 1 or delivered.day >= today:
            continue
        if last is not None and _forgotten(last, delivered.day):
            sending_days, recent = 0, []
        sending_days += 1
        recent = [*recent, delivered.messages][-RECENT_SENDING_DAYS:]
        last = delivered.day
    if last is None or _forgotten(last, today):
        return History(0, 0)
    return History(sending_days, max(recent))


def _forgotten(last: int, day: int) -> bool:
    return day - last > REPUTATION_DAYS
