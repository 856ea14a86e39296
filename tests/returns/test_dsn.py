"""Bounces are read in every shape that mail systems give them."""

from __future__ import annotations

import base64

import pytest

from tests.returns.samples import KEYS, ORIGINAL, STATUS, TOKEN, dsn, header, plain, report, wrapped
from warmlane.returns import token
from warmlane.returns.dsn import Action, NoBounce, parse

UNKNOWN_USER = "550 5.1.1 <gone@mailbox.example>: Recipient address rejected: User unknown in virtual mailbox table"


@pytest.mark.parametrize(
    "returned", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"]
)
def test_a_standard_report(returned: str) -> None:
    found = parse(dsn(returned=returned))
    assert (found.action, found.code, found.status, found.standard) == (Action.FAILED, 550, "5.1.1", True)
    assert found.diagnostic == UNKNOWN_USER
    assert [token.verified(KEYS, text) for text in found.tokens] == [b"fourteen bytes"]


def test_a_report_without_the_reported_message_or_a_text() -> None:
    found = parse(report("delivery-status", ("message/delivery-status", STATUS)))
    assert (found.action, found.status, found.tokens) == (Action.FAILED, "5.1.1", ())


@pytest.mark.parametrize("type_", ["message/delivery-status", "message/global-delivery-status"])
def test_a_status_that_is_encoded(type_: str) -> None:
    encoded = base64.encodebytes(STATUS.encode()).decode()
    part = (f"{type_}\nContent-Transfer-Encoding: base64", encoded)
    assert parse(report("delivery-status", part)).diagnostic == UNKNOWN_USER


def test_a_report_inside_another_message() -> None:
    assert parse(wrapped(dsn())) == parse(dsn())
    assert parse(wrapped(wrapped(dsn()))) == parse(dsn())


@pytest.mark.parametrize(
    ("fields", "action", "code", "status"),
    [
        ("Action: delayed\nStatus: 4.4.1", Action.DELAYED, None, "4.4.1"),
        ("Action: delivered\nStatus: 2.0.0", Action.DELIVERED, None, "2.0.0"),
        ("Action: relayed\nStatus: 2.1.9", Action.RELAYED, None, "2.1.9"),
        ("Action: Failed (queue too old)\nStatus: 4.4.7", Action.FAILED, None, "4.4.7"),
        ("Status: 5.2.2 (mailbox full)", Action.FAILED, None, "5.2.2"),
        ("Action: failed\nDiagnostic-Code: smtp;550-5.2.1 The mailbox is disabled", Action.FAILED, 550, "5.2.1"),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 5.1.1 no user", Action.FAILED, 550, "5.1.1"),
        ("Action: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 no user", Action.FAILED, 550, "5.0.0"),
        ("Action: failed\nStatus: 5.1.10\nDiagnostic-Code: 550 5.1.10 RecipientNotFound", Action.FAILED, 550, "5.1.10"),
        ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: x-unix; 550 unknown", Action.FAILED, 550, "5.1.1"),
        ("Diagnostic-Code: smtp; 554 delivery error: this user is unknown", Action.FAILED, 554, None),
        ("Action: failed", Action.FAILED, None, None),
    ],
)
def test_fields_that_are_missing_or_say_it_elsewhere(
    fields: str, action: Action, code: int | None, status: str | None
) -> None:
    per_recipient = f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; x@mailbox.example\n{fields}\n"
    found = parse(dsn(per_recipient))
    assert (found.action, found.code, found.status) == (action, code, status)


def test_of_several_recipients_behind_an_alias_the_one_that_failed_counts() -> None:
    blocks = "Reporting-MTA: dns; mx.example\n\nAction: delivered\nStatus: 2.0.0\n\nAction: failed\nStatus: 5.1.1\n"
    assert parse(dsn(blocks)).action is Action.FAILED


@pytest.mark.parametrize(
    ("message", "action", "code", "status"),
    [
        (
            plain(
                "Hi. This is the qmail-send program at mx.mailbox.example.\nI'm afraid I wasn't able to deliver.\n"
                "<gone@mailbox.example>:\nRemote host said: 550 5.1.1 No such user here\n",
                subject="failure notice",
            ),
            Action.FAILED,
            550,
            "5.1.1",
        ),
        (
            plain(
                "A message that you sent could not be delivered to one or more of its recipients.\n"
                "  gone@mailbox.example\n    SMTP error from remote mail server after RCPT TO:<gone@mailbox.example>:\n"
                "    550 User unknown\n",
                subject="Mail delivery failed: returning message to sender",
            ),
            Action.FAILED,
            550,
            None,
        ),
        (
            plain(
                "THIS IS A WARNING MESSAGE ONLY. It will be retried for four more days.\n451 4.4.1 no answer\n",
                subject="Warning: could not be delivered (delay)",
            ),
            Action.DELAYED,
            451,
            "4.4.1",
        ),
        (
            plain("Your message was undeliverable to 1 of 250 recipients.", subject="Undeliverable: Hello"),
            Action.FAILED,
            None,
            None,
        ),
        (
            plain("Diagnostic information:\n#550 5.1.10 RESOLVER.ADR.RecipientNotFound ##", subject="Undeliverable: x"),
            Action.FAILED,
            550,
            "5.1.10",
        ),
    ],
    ids=["qmail", "exim", "delay", "no-code", "exchange"],
)
def test_texts_for_people(message: bytes, action: Action, code: int | None, status: str | None) -> None:
    found = parse(message)
    assert (found.action, found.code, found.status, found.standard) == (action, code, status, False)


def test_a_text_with_the_returned_message_shows_its_token() -> None:
    parts = (("text/plain", "Delivery has failed: 550 5.1.1 unknown"), ("message/rfc822", ORIGINAL))
    assert parse(report("delivery-status", *parts)).tokens == (TOKEN,)


@pytest.mark.parametrize(
    "message",
    [
        plain("I am away. My number is 550 5.1.1.", subject="Out of office", sender="person@mailbox.example"),
        plain("Delivery failed, please send it again!", subject="delivery failed", sender="person@mailbox.example"),
        plain("All is well.", subject="Weekly summary"),
        b"",
        b"\0" * 1000,
    ],
    ids=["absence", "person", "daemon-without-failure", "empty", "zeros"],
)
def test_other_mail_is_no_bounce(message: bytes) -> None:
    with pytest.raises(NoBounce):
        parse(message)


def test_a_subject_alone_tells_of_a_failure_and_no_more() -> None:
    found = parse(header().encode())
    assert (found.action, found.code, found.status, found.diagnostic) == (Action.FAILED, None, None, "")


def test_what_is_kept_of_an_answer_is_one_short_line() -> None:
    long = "Action: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 \x1b[31m" + "word " * 400
    found = parse(dsn(f"Reporting-MTA: dns; x\n\n{long}\n"))
    assert len(found.diagnostic) <= 500 and found.diagnostic.isprintable()
