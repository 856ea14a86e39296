"""Reports as mail systems send them, written by hand after their shapes; every host and person is an example."""

from __future__ import annotations

from warmlane.returns import token
from warmlane.returns.token import TokenKeys

KEYS = TokenKeys(b"k" * 32)
TOKEN = token.signed(KEYS, b"fourteen bytes")
RETURN_PATH = f"b+{TOKEN}@bounces.news.example"
ORIGINAL = (
    f"Return-Path: <{RETURN_PATH}>\nWarmlane-Return-Token: {TOKEN}\nFrom: News <news@news.example>\n"
    "To: gone@mailbox.example\nSubject: Hello\nMessage-ID: <1@news.example>\n"
)
STATUS = """Reporting-MTA: dns; mx.mailbox.example
Arrival-Date: Tue, 24 Nov 2026 10:00:00 +0000

Original-Recipient: rfc822;gone@mailbox.example
Final-Recipient: rfc822; gone@mailbox.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx1.mailbox.example
Diagnostic-Code: smtp; 550 5.1.1 <gone@mailbox.example>: Recipient address
 rejected: User unknown in virtual mailbox table
"""
FEEDBACK = f"""Feedback-Type: abuse
User-Agent: Example-Feedback/1.0
Version: 1
Original-Mail-From: <{RETURN_PATH}>
Source-IP: 192.0.2.1
Reported-Domain: news.example
"""


def header(
    subject: str = "Undelivered Mail Returned to Sender", sender: str = "MAILER-DAEMON@mx.mailbox.example"
) -> str:
    """The outer header, without a content type."""
    return f"From: <{sender}>\nTo: <{RETURN_PATH}>\nSubject: {subject}\nMIME-Version: 1.0\n"


def report(kind: str, *parts: tuple[str, str], subject: str = "Undelivered Mail Returned to Sender") -> bytes:
    """A multipart/report of the parts, each a content type and a body."""
    body = "".join(f"--=_x\nContent-Type: {type_}\n\n{text}\n" for type_, text in parts)
    kind = f'multipart/report; report-type={kind}; boundary="=_x"'
    return f"{header(subject)}Content-Type: {kind}\n\n{body}--=_x--\n".encode()


def plain(text: str, **outer: str) -> bytes:
    """A message of plain text only."""
    return f"{header(**outer)}Content-Type: text/plain; charset=utf-8\n\n{text}".encode()


def dsn(status: str = STATUS, returned: str = "message/rfc822") -> bytes:
    """A report as RFC 3464 has it."""
    parts = (("text/plain", "It could not be delivered."), ("message/delivery-status", status))
    return report("delivery-status", *parts, (returned, ORIGINAL + "\nHello!\n"))


def complaint(fields: str = FEEDBACK, original: str = ORIGINAL, returned: str = "message/rfc822") -> bytes:
    """A report as RFC 5965 has it."""
    parts = (("text/plain", "This is an abuse report."), ("message/feedback-report", fields))
    return report("feedback-report", *parts, (returned, original + "\nHello!\n"), subject="FW: Hello")


def wrapped(message: bytes) -> bytes:
    """The message as the attachment of another."""
    outer = header("FW: a report", "gateway@mailbox.example") + 'Content-Type: multipart/mixed; boundary="outer"\n\n'
    inside = "--outer\nContent-Type: text/plain\n\nSee below.\n--outer\nContent-Type: message/rfc822\n\n"
    return (outer + inside).encode() + message + b"\n--outer--\n"
