"""Complaints are read in the shapes that feedback loops have, and `not-spam` is none."""

from __future__ import annotations

import pytest

from tests.returns.samples import FEEDBACK, ORIGINAL, TOKEN, complaint, dsn, plain, report, wrapped
from warmlane.returns.arf import COMPLAINTS, Feedback, NoComplaint, parse

NO_PATH = "Feedback-Type: abuse\nUser-Agent: Example/1\nVersion: 0.1\n"


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_standard_report(returned: str) -> None:
    found = parse(complaint(returned=returned))
    assert found.feedback is Feedback.ABUSE and found.tokens == (TOKEN,)


def test_a_report_that_hides_the_return_path_is_known_by_the_header_of_the_message() -> None:
    original = f"From: news@news.example\nWarmlane-Return-Token: {TOKEN.upper()}\n"
    assert parse(complaint(NO_PATH, original)).tokens == (TOKEN,)


def test_a_report_by_rfc_9477_brings_the_id_that_the_message_gave() -> None:
    original = f"From: news@news.example\nCFBL-Address: f@news.example; report=arf\nCFBL-Feedback-ID: {TOKEN}\n"
    assert parse(complaint(NO_PATH, original)).tokens == (TOKEN,)
    assert parse(complaint(NO_PATH + f"CFBL-Feedback-ID: {TOKEN}\n", "From: a@news.example\n")).tokens == (TOKEN,)


def test_microsofts_copies_without_a_report() -> None:
    original = f"X-HmXmrOriginalRecipient: person@mailbox.example\n{ORIGINAL}"
    found = parse(report("none", ("message/rfc822", original + "\nHello\n"), subject="complaint about message"))
    assert found.feedback is Feedback.ABUSE and found.tokens == (TOKEN,)


@pytest.mark.parametrize(
    ("word", "feedback"),
    [
        ("abuse", Feedback.ABUSE),
        ("Abuse", Feedback.ABUSE),
        ("fraud", Feedback.FRAUD),
        ("virus", Feedback.VIRUS),
        ("not-spam", Feedback.NOT_SPAM),
        ("auth-failure", Feedback.OTHER),
        ("something new", Feedback.OTHER),
        ("", Feedback.OTHER),
    ],
)
def test_the_type_decides(word: str, feedback: Feedback) -> None:
    found = parse(complaint(FEEDBACK.replace("abuse", word, 1)))
    assert found.feedback is feedback
    assert (found.feedback in COMPLAINTS) == (feedback not in (Feedback.NOT_SPAM, Feedback.OTHER))


def test_a_report_without_a_type_is_no_complaint() -> None:
    assert parse(complaint("User-Agent: x\nVersion: 1\n")).feedback not in COMPLAINTS
    assert parse(complaint("")).feedback not in COMPLAINTS


def test_a_report_inside_another_message() -> None:
    assert parse(wrapped(complaint())) == parse(complaint())


def test_several_tokens_stand_in_their_order_the_messages_own_first() -> None:
    other = "a" * 48
    found = parse(complaint(FEEDBACK.replace(TOKEN, other)))
    assert found.tokens == (TOKEN, other)


@pytest.mark.parametrize("message", [dsn(), plain("hello"), b"", report("none", ("message/rfc822", ORIGINAL))])
def test_other_mail_is_no_complaint(message: bytes) -> None:
    with pytest.raises(NoComplaint):
        parse(message)


def test_a_token_is_found_only_whole() -> None:
    assert parse(complaint(NO_PATH, f"Return-Path: <b+{TOKEN[:-1]}@bounces.news.example>\n")).tokens == ()
    assert parse(complaint(NO_PATH, f"Return-Path: <b+{TOKEN}a@bounces.news.example>\n")).tokens == ()
