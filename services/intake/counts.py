"""What the intake counts since it started; for several threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from services.store.returns import Counted


class Refusal(StrEnum):
    """Why something was refused for good, at the door."""

    RELAY = "relay"
    MAILBOX = "mailbox"
    FORGED = "forged"
    SIZE = "size"


class Deferral(StrEnum):
    """Why the other side was told to come back."""

    CONNECTIONS = "connections"
    RATE = "rate"
    RECIPIENTS = "recipients"
    FULL = "full"
    DISK = "disk"
    KEYS = "keys"


class Outcome(StrEnum):
    """What became of a report that was taken."""

    BOOKED = "booked"
    REPLAYED = "replayed"
    """A report of this kind was booked for the token before."""
    EXPIRED = "expired"
    """Its token is of ours, and no message is known by it any more."""
    FORGED = "forged"
    """The message that it shows has a token that none of our keys made."""
    NOTICE = "notice"
    """It tells of a delay or a delivery."""
    AUTO_REPLY = "auto-reply"
    KEPT = "kept"
    """For a person: mail to postmaster or abuse, and what could not be understood."""
    SURPLUS = "surplus"
    """As KEPT, but enough is kept of that token."""


class Counts:
    """Figures that only grow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused = Counter[Refusal]({each: 0 for each in Refusal})
        self._deferred = Counter[Deferral]({each: 0 for each in Deferral})
        self._outcomes = Counter[Outcome]({each: 0 for each in Outcome})
        self._returns = Counter[Counted]()
        self._taken = 0

    def refused(self, refusal: Refusal) -> None:
        """Something was refused."""
        with self._lock:
            self._refused[refusal] += 1

    def deferred(self, deferral: Deferral) -> None:
        """Something was put off."""
        with self._lock:
            self._deferred[deferral] += 1

    def taken(self) -> None:
        """A message was taken."""
        with self._lock:
            self._taken += 1

    def outcome(self, outcome: Outcome) -> None:
        """A report was worked off."""
        with self._lock:
            self._outcomes[outcome] += 1

    def booked(self, counted: Counted) -> None:
        """Something that came back was booked."""
        with self._lock:
            self._returns[counted] += 1

    def begin(self, totals: Mapping[Counted, int]) -> None:
        """What is booked by now, whoever booked it."""
        with self._lock:
            self._returns = Counter(totals)

    def copy(self) -> tuple[int, dict[Refusal, int], dict[Deferral, int], dict[Outcome, int], dict[Counted, int]]:
        """Messages taken, and the figures by what they are of, at one moment."""
        with self._lock:
            figures = dict(self._refused), dict(self._deferred), dict(self._outcomes), dict(self._returns)
            return self._taken, *figures
