"""Receivers' answers and their classes; the texts are shaped after what the providers publish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.providers import PROVIDERS
from warmlane.returns.dsn import reply
from warmlane.returns.replies import RECIPIENT_GONE, ReplyClass, classify, table

ANSWERS = [
    ("gmail", "550-5.1.1 The email account that you tried to reach does not exist.", "invalid-recipient"),
    ("gmail", "550 5.2.1 The email account that you tried to reach is disabled.", "inactive-mailbox"),
    ("gmail", "450 4.2.1 The user you are trying to contact is receiving mail too quickly.", "rate-limited"),
    ("gmail", "452 4.2.2 The email account that you tried to reach is over quota.", "quota"),
    ("gmail", "552 5.2.2 The recipient's inbox is out of storage space", "quota"),
    ("gmail", "421 4.7.0 Our system has detected an unusual rate of unsolicited mail", "rate-limited"),
    ("gmail", "550 5.7.26 This mail has been blocked because the sender is unauthenticated.", "authentication"),
    ("gmail", "550 5.7.1 this message is likely unsolicited mail", "spam"),
    ("gmail", "421 4.3.0 Temporary System Problem. Try again later", "transient"),
    ("yahoo", "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred", "rate-limited"),
    ("yahoo", "554 delivery error: dd This user doesn't have a mailbox.example account", "invalid-recipient"),
    ("yahoo", "552 1 Requested mail action aborted, mailbox not found", "unknown"),
    ("yahoo", "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1", "spam"),
    ("yahoo", "554 5.7.9 Message not accepted for policy reasons.", "policy"),
    ("yahoo", "451 Resources temporarily unavailable. Please try again later", "transient"),
    ("microsoft", "550 5.5.0 Requested action not taken: mailbox unavailable", "invalid-recipient"),
    ("microsoft", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by lookup", "invalid-recipient"),
    ("microsoft", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "invalid-recipient"),
    ("microsoft", "550 5.7.1 messages weren't sent: part of their network is on our block list (S3140).", "spam"),
    (
        "microsoft",
        "550 5.7.515 Access denied, sending domain does not meet the required authentication level",
        "authentication",
    ),
    (
        "microsoft",
        "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation.",
        "rate-limited",
    ),
    ("other", "550 5.7.1 [CS01] Message rejected due to local policy.", "policy"),
    ("other", "421 4.7.1 Messages to person deferred due to excessive volume", "rate-limited"),
    ("other", "550 5.1.1 <gone@mailbox.example>: user does not exist", "invalid-recipient"),
    ("other", "550 5.1.1 <x@mailbox.example>: Recipient address rejected: User unknown", "invalid-recipient"),
    ("other", "550 No such user here", "invalid-recipient"),
    ("other", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", "spam"),
    ("other", "450 4.2.0 <x@mailbox.example>: Recipient address rejected: Greylisted", "transient"),
    ("other", "550 5.7.1 Relaying denied", "routing"),
    ("other", "452 4.2.2 Mailbox full", "quota"),
    ("other", "550 5.1.2 Host or domain name not found", "bad-domain"),
    ("other", "connect to mx.example[192.0.2.9]:25: Connection refused", "no-answer"),
    ("other", "550 5.4.7 message too old", "expired"),
    ("other", "550 5.7.1", "policy"),
    ("other", "550 5.1.1", "invalid-recipient"),
    ("other", "550 5.0.0 Nope", "unknown"),
    ("other", "", "unknown"),
]


@pytest.mark.parametrize(("provider", "answer", "expected"), ANSWERS, ids=[row[1][:40] for row in ANSWERS])
def test_an_answer_has_its_class(provider: str, answer: str, expected: str) -> None:
    assert classify(provider, *reply(answer), answer) == expected


@pytest.mark.parametrize(
    "answer",
    [
        "550 5.7.1 Mailbox unavailable because your address 192.0.2.1 is listed by a blocklist",
        "550 5.7.1 Recipient address rejected: spam source, user unknown",
        "550 5.1.8 Sender address rejected: domain not found",
        "550 5.7.1 unauthenticated mail: recipient account does not exist for you, see DMARC",
        "421 4.7.0 too many messages, user unknown to our rate limit",
    ],
)
@pytest.mark.parametrize("provider", [*PROVIDERS, "no such provider"])
def test_an_answer_about_the_sender_suppresses_nobody(provider: str, answer: str) -> None:
    assert classify(provider, *reply(answer), answer) not in RECIPIENT_GONE


@given(st.sampled_from(PROVIDERS), st.integers(200, 599) | st.none(), st.text(max_size=2000))
def test_any_text_has_a_class(provider: str, code: int | None, text: str) -> None:
    assert classify(provider, code, None, text) in set(ReplyClass)


def test_every_class_but_unknown_has_a_rule() -> None:
    rules = [rule.class_ for rules in (*table().providers.values(), table().any) for rule in rules]
    assert {*rules, *table().status.values()} == set(ReplyClass) - {ReplyClass.UNKNOWN}
