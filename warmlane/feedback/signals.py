"""What is known of a campaign at a moment. A signal carries its age and whether it is whole; a gap is never a zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Value = TypeVar("Value")

COUNTS_FRESH = 90.0
"""Seconds for which counts tell the present: five missed scrapes of 15 s and a poll."""
IDENTITY_FRESH = 180.0
"""Seconds for which an identity check counts: it is made every minute."""
LISTINGS_FRESH = 7_200.0
"""Seconds for which answers of blocklists count: they are asked every half hour."""


@dataclass(frozen=True, slots=True)
class Signal(Generic[Value]):
    """A value, when it was taken (seconds since 1970 UTC) and whether its source saw everything until then."""

    value: Value
    at: float
    complete: bool = True

    def usable(self, now: float, fresh: float) -> bool:
        """Whether something may be decided from it: whole, and not older than `fresh` seconds."""
        return self.complete and now - self.at <= fresh


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the mail that was sent to one mailbox provider on one sending day, as far as is known now.

    Counts only grow. Every event is booked to the day of sending, whenever it arrives. Raises ValueError for counts
    that no mail can have.
    """

    day: int
    release: int
    """Releases of the campaign before this mail was sent: mail of before a release is told from mail after it."""
    settled: int
    """Messages with a final answer of the provider: taken, or refused for good. Deferred, expired and suppressed mail
    is none of them, for it can't bounce hard."""
    hard_bounces: int
    """Of these: refused for good as invalid recipient, in the session or by a later DSN."""
    reportable: int
    """Messages taken by a provider that reports complaints to us."""
    complaints: int
    """Of these: reported as spam."""

    def __post_init__(self) -> None:
        for name, part, whole in (
            ("hard_bounces", self.hard_bounces, self.settled),
            ("complaints", self.complaints, self.reportable),
        ):
            if not 0 <= part <= whole:
                raise ValueError(
                    f"sending day {self.day}: {name}: {part} is not allowed: it lies between 0 and the {whole} messages"
                    " that can produce it; the source counts wrong, so leave the reading out"
                )


class Deferral(StrEnum):
    """Why an attempt was put off."""

    CONNECTION = "connection"
    """No connection, or one that broke before an answer."""
    SLOWED = "slowed"
    """421 or 4.7.x: the provider slows this sender down."""
    TRANSIENT = "transient"
    """Any other 4xx."""
    OUTAGE = "outage"
    """The provider's hosts are down or say that they are."""
    OWN = "own"
    """Our own throttle, token or hold. No signal at all."""


EXCUSABLE = (Deferral.CONNECTION, Deferral.SLOWED, Deferral.TRANSIENT, Deferral.OUTAGE)
"""Classes that a pattern seen by unrelated campaigns may excuse; nothing else ever is."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """Delivery attempts at one provider in the last hour, without those that our own throttle put off."""

    made: int
    deferred: Mapping[Deferral, int]

    def signalling(self, excused: frozenset[Deferral] = frozenset()) -> tuple[int, int]:
        """Deferred attempts that count against the sender, and the attempts that could be among them."""
        put_off = {kind: count for kind, count in self.deferred.items() if kind is not Deferral.OWN}
        pardoned = sum(count for kind, count in put_off.items() if kind in excused)
        return sum(put_off.values()) - pardoned, self.made - pardoned


class Listing(StrEnum):
    """A blocklist's answer for the lane's address. UNKNOWN neither lists nor clears."""

    LISTED = "listed"
    CLEAN = "clean"
    UNKNOWN = "unknown"


class Identity(StrEnum):
    """Whether source address, PTR and HELO name are the lane's, by the reflector's signed answer."""

    AGREES = "agrees"
    DRIFTED = "drifted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Queue:
    """Mail that a provider has put off (what waits for our own tokens left out), at the ends of the last full hours."""

    hours: tuple[int, ...]
    """Messages, oldest first."""


@dataclass(frozen=True, slots=True)
class AtProvider:
    """What is known of a campaign's mail at one mailbox provider. None: never seen."""

    outcomes: Signal[tuple[Outcomes, ...]] | None = None
    """The sending days of the last week, in any order."""
    attempts: Signal[Attempts] | None = None
    queue: Signal[Queue] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that is known of a campaign at a moment."""

    campaign: str
    organisation: str
    """Organisational domain of its sending domain."""
    lists: frozenset[str]
    """Digests of the lists it sends to; campaigns that share one are related."""
    providers: Mapping[str, AtProvider]
    listings: Signal[Mapping[str, Listing]] | None = None
    """By blocklist operator: two zones of one operator are one opinion."""
    traps: Signal[Mapping[str, int]] | None = None
    """Suspected hits of spam traps by source, ever; whatever mail caused them."""
    identity: Signal[Identity] | None = None
