"""Complaints: feedback reports (ARF, RFC 5965 and 6650), also by RFC 9477, and Microsoft's copies that are none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from warmlane.returns import mime
from warmlane.returns.dsn import original, shown_tokens
from warmlane.returns.mime import Fields, Parsed

REPORT_PARTS = ("message/feedback-report",)
MICROSOFT_HEADER = "X-HmXmrOriginalRecipient"
"""Stands in the copies that Microsoft's Junk Mail Reporting Program sent until 2026-06 and that have no report part."""


class Feedback(StrEnum):
    """What a person said by a report (IANA, Feedback Report Type Values)."""

    ABUSE = "abuse"
    FRAUD = "fraud"
    VIRUS = "virus"
    NOT_SPAM = "not-spam"
    """The opposite of a complaint: it was taken for spam and is none."""
    OTHER = "other"
    """All other types: reports of machines, or such as only a person can judge."""


COMPLAINTS = frozenset({Feedback.ABUSE, Feedback.FRAUD, Feedback.VIRUS})
"""Types that count as complaints."""


@dataclass(frozen=True)
class Complaint:
    """A report by, or for, the recipient of a message."""

    feedback: Feedback
    tokens: tuple[str, ...]
    """Return tokens that the report and the reported message show, not verified."""


class NoComplaint(ValueError):
    """A message that is no feedback report."""


def parse(raw: bytes) -> Complaint:
    """The complaint in a message. Raises NoComplaint and warmlane.returns.mime.UnreadableMessage, and nothing else."""
    return of(mime.parse(raw))


def of(message: Parsed) -> Complaint:
    """The complaint in a message that was taken apart. Raises NoComplaint and UnreadableMessage."""
    for each in mime.inner(message):
        report = each.first(*REPORT_PARTS)
        if report is not None:
            return _reported(mime.blocks(report.body), each)
    for each in mime.inner(message):
        copy = each.first("message/rfc822")
        header = mime.fields(copy.body) if copy else Fields(())
        if header.get(MICROSOFT_HEADER):
            return Complaint(Feedback.ABUSE, shown_tokens(header))
    raise NoComplaint("it has no feedback report")


def _reported(blocks: list[Fields], message: Parsed) -> Complaint:
    """By the report's fields. One without a type (RFC 5965, 3.1, asks for it) can't be told from `not-spam`."""
    report = blocks[0] if blocks else Fields(())
    word = report.get("Feedback-Type").partition(";")[0].strip().strip('"').lower()
    feedback = Feedback(word) if word in set(Feedback) else Feedback.OTHER
    shown = mime.tokens(*report.all("Original-Mail-From"), *report.all("CFBL-Feedback-ID"))
    return Complaint(feedback, tuple(dict.fromkeys((*shown_tokens(original(message)), *shown))))
