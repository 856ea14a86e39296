"""How risky a list is to mail as it stands, by what the checks found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warmlane.recipients.verdict import Reason

CANNOT_SEE = (
    "Pristine spam traps: they were never a person's, and their syntax, domain and exchanger are in order.",
    "Recycled spam traps and closed mailboxes: whether a mailbox exists is only told by the bounce of a real message;"
    " strangers' servers are never probed.",
    "Consent: whether the recipients asked for this mail, and who of them will complain.",
    "Age: addresses that were not mailed for six months need their owner's renewed consent, whatever is said here.",
)
"""What no check of a list can tell; stands beside every score."""


@dataclass(frozen=True)
class Danger:
    """A kind of harm: the reasons that lead to it, and the share of the list (0-1) at which the score is 100."""

    name: str
    reasons: frozenset[Reason]
    limit: float
    source: str


DANGERS = (
    Danger(
        "hard bounces",
        frozenset({Reason.NO_DOMAIN, Reason.NO_MAIL_HOST, Reason.NULL_MX}),
        0.10,
        "Amazon SES pauses an account at 10 % hard bounces and reviews it at 5 %.",
    ),
    Danger(
        "look-alike and parked domains",
        frozenset({Reason.LIKELY_TYPO, Reason.PARKED}),
        0.005,
        "Own judgement, 2026-11: Spamhaus and Microsoft act on single trap hits, so half a percent is far too much.",
    ),
    Danger(
        "roles and disposable addresses",
        frozenset({Reason.OPERATIONS_ROLE, Reason.BUSINESS_ROLE, Reason.DISPOSABLE}),
        0.10,
        "Own judgement, 2026-11: nobody in person opted in there; the part of an honest consumer list is under 2 %.",
    ),
    Danger(
        "malformed addresses",
        frozenset({Reason.MALFORMED}),
        0.10,
        "Own judgement, 2026-11: a form that checks its input leaves none; many show a scraped or merged list.",
    ),
)


@dataclass(frozen=True)
class Measured:
    """One danger in a list: its share (0-1) and its score (0-100)."""

    danger: Danger
    share: float
    score: float


@dataclass(frozen=True)
class Risk:
    """Score 0 to 100: the worst danger's. `at_worst` is the score if all that DNS did not tell were dead domains."""

    score: float
    at_worst: float
    measured: tuple[Measured, ...]

    @property
    def level(self) -> str:
        """The score in a word."""
        return "low" if self.score < 20 else "medium" if self.score < 50 else "high"


def risk(found: Mapping[Reason, int]) -> Risk:
    """The risk of a list by its number of rows for each reason. An empty list has none."""
    rows = sum(found.values())
    measured = tuple(_measured(danger, found, rows) for danger in DANGERS)
    score = max(one.score for one in measured)
    dead = {**found, Reason.NO_DOMAIN: found.get(Reason.NO_DOMAIN, 0) + found.get(Reason.DNS_UNKNOWN, 0)}
    return Risk(score, max(score, _measured(DANGERS[0], dead, rows).score), measured)


def _measured(danger: Danger, found: Mapping[Reason, int], rows: int) -> Measured:
    share = sum(found.get(reason, 0) for reason in danger.reasons) / rows if rows else 0.0
    return Measured(danger, share, min(100.0, 100 * share / danger.limit))
