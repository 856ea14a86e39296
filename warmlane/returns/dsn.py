"""Bounces: delivery status notifications (RFC 3464, RFC 6533), and what mail systems send instead of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from warmlane.returns import mime, token
from warmlane.returns.mime import Fields, Parsed

DIAGNOSTIC_LENGTH = 500
"""Characters of a receiver's answer that are kept."""
TEXT_LENGTH = 20_000
"""Characters of a text for people that are searched."""

STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
ORIGINAL_PARTS = (
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
)


class Action(StrEnum):
    """What a mail system says it did with a message (RFC 3464, 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True)
class Bounce:
    """What a report says became of the message to its one recipient."""

    action: Action
    code: int | None
    """The receiver's SMTP reply code, such as 550; None when the report does not tell it."""
    status: str | None
    """The enhanced status code, such as `5.1.1` (RFC 3463); None when the report does not tell it."""
    diagnostic: str
    """The receiver's answer, in one line; empty when the report does not tell it."""
    standard: bool
    """Whether it is an RFC 3464 report; else it was read out of a text for people."""
    tokens: tuple[str, ...]
    """Return tokens that the reported message shows, not verified."""


class NoBounce(ValueError):
    """A message that says nothing of a message that was not delivered."""


_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.])([245]\d\d)(?=[ \-#]|$)(?:[ \-]+#?([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d))?")
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery (sub)?system", re.IGNORECASE)
_FAILED = re.compile(
    r"undeliver|not be delivered|unable to deliver|delivery (to .* )?(has )?failed|failure notice|returned mail"
    r"|permanent(ly)? (error|failed|fatal)|wasn't delivered|couldn't be delivered|delivery status notification"
    r"|mail delivery fail|could not deliver|not been delivered",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"warning only|will (be retried|retry|keep trying|continue to try)|not yet been delivered|delivery (is )?delayed"
    r"|\(delay\)|still (being )?(tried|trying)|do(es)? not need to (re)?send",
    re.IGNORECASE,
)
_CLASSES = {"2": Action.DELIVERED, "4": Action.DELAYED, "5": Action.FAILED}


def parse(raw: bytes) -> Bounce:
    """The bounce in a message. Raises NoBounce and warmlane.returns.mime.UnreadableMessage, and nothing else."""
    return of(mime.parse(raw))


def of(message: Parsed) -> Bounce:
    """The bounce in a message that was taken apart. Raises NoBounce and UnreadableMessage."""
    for each in mime.inner(message):
        status = each.first(*STATUS_PARTS)
        if status is not None:
            found = _reported(mime.blocks(status.body), each)
            if found is not None:
                return found
    return _told(message)


def original(message: Parsed) -> Fields:
    """The header of the message that a report is about; without a field when the report has none."""
    part = message.first(*ORIGINAL_PARTS)
    return mime.fields(part.body) if part else Fields(())


def shown_tokens(header: Fields) -> tuple[str, ...]:
    """What may be return tokens in a reported message's header."""
    names = (token.HEADER, "CFBL-Feedback-ID", "Return-Path")
    return mime.tokens(*(value for name in names for value in header.all(name)))


def _reported(blocks: list[Fields], message: Parsed) -> Bounce | None:
    """By the fields of RFC 3464; the recipient that failed counts, where an alias has several."""
    found = list[Bounce]()
    for block in blocks:
        diagnostic = _diagnostic(block.get("Diagnostic-Code"))
        code, enhanced = reply(diagnostic)
        status = _status(block.get("Status"), enhanced)
        action = _action(block.get("Action"), status, code)
        if action and (status or block.get("Action") or diagnostic):
            found.append(Bounce(action, code, status, diagnostic, True, shown_tokens(original(message))))
    return min(found, key=lambda each: list(Action).index(each.action), default=None)


def _told(message: Parsed) -> Bounce:
    """By what the text says to people: old mail systems, and gateways that drop the parts for programs."""
    header = message.header
    text = message.text[:TEXT_LENGTH]
    subject = header.get("Subject")
    by_machine = (
        message.report_type == "delivery-status"
        or header.get("X-Failed-Recipients") != ""
        or _DAEMON.search(header.get("From")) is not None
    )
    if not by_machine or not (_FAILED.search(subject) or _FAILED.search(text)):
        raise NoBounce("neither its parts nor its text tell of a message that was not delivered")
    line = next((line for line in text.splitlines() if _refuses(line)), "")
    code, status = reply(line)
    delayed = _DELAYED.search(subject) or _DELAYED.search(text)
    action = Action.DELAYED if delayed else _action("", status, code) or Action.FAILED
    return Bounce(action, code, status, _one_line(line), False, shown_tokens(original(message)))


def reply(text: str) -> tuple[int | None, str | None]:
    """The SMTP reply code and the enhanced status code in a receiver's answer."""
    codes = _REPLY.search(text)
    enhanced = _ENHANCED.search(text)
    status = codes[2] if codes and codes[2] else enhanced[0] if enhanced else None
    return int(codes[1]) if codes else None, status


def _refuses(line: str) -> bool:
    code, status = reply(line)
    return (code or 0) >= 400 or (status or "2")[0] in "45"


def _status(field: str, enhanced: str | None) -> str | None:
    """The status; the receiver's own where the field says no more than the class, as `5.0.0`."""
    found = _ENHANCED.search(field)
    if not found or (found[0].endswith(".0.0") and enhanced and enhanced[0] == found[1]):
        return enhanced or (found[0] if found else None)
    return found[0]


def _action(field: str, status: str | None, code: int | None) -> Action | None:
    word = field.partition(";")[0].partition("(")[0].strip().lower()
    if word in set(Action):
        return Action(word)
    return _CLASSES[(status or str(code))[0]] if status or code else None


def _diagnostic(field: str) -> str:
    """The answer without the type that stands before it, `smtp; 550 …`."""
    kind, semicolon, rest = field.partition(";")
    return _one_line(rest if semicolon and len(kind) < 20 and " " not in kind.strip() else field)


def _one_line(text: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in text[: 4 * DIAGNOSTIC_LENGTH])
    return " ".join(printable.split())[:DIAGNOSTIC_LENGTH]
