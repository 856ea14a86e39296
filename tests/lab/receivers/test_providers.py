"""Each behaviour of a provider, seen by an SMTP client over loopback, beside what goes through."""

from __future__ import annotations

import smtplib
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import settings
from tests.lab.receivers.conftest import GMAIL, SENDER, Receivers, Start, eventually, message

SIGNED = "DKIM-Signature: v=1; d=warmlane.test; s=x; b=x\r\n"


def test_two_hundred_domains_behind_one_mx_share_a_cap_and_it_is_exact(start: Start) -> None:
    receivers = start("providers: {gmail: {caps: {day: 50}}}")
    domains = settings.PROVIDERS["gmail"].domains
    with ThreadPoolExecutor(8) as threads:
        replies = Counter(threads.map(lambda domain: receivers.send(f"reader@{domain}")[:10], domains))

    assert replies == {"": 50, "421 4.7.28": 150}
    assert len({receipt.domain for receipt in receivers.received()}) == 50
    refusals = receivers.refused()
    assert len(refusals) == 150
    assert {(one.stage, one.message_id) for one in refusals} == {("data", "<1@warmlane.test>")}
    assert not receivers.send("reader@d000.yahoo.test", provider="yahoo"), "another provider's count is its own"


def test_a_cap_counts_messages_of_one_session_too_and_421_ends_it(start: Start) -> None:
    receivers = start("providers: {gmail: {caps: {day: 2}}}")
    with receivers.connect() as client:
        for number in range(2):
            client.sendmail(SENDER, [GMAIL], message(number))
        # Not sendmail: that hangs up by itself after 421.
        client.mail(SENDER)
        client.rcpt(GMAIL)
        assert client.data(message(2))[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.noop()

    assert len(receivers.received()) == 2


def test_a_session_above_the_cap_is_greeted_with_421_until_one_ends(start: Start) -> None:
    receivers = start("providers: {gmail: {sessions: {most: 2}}}")
    first, second = receivers.connect(), receivers.connect()
    with pytest.raises(smtplib.SMTPConnectError) as refusal:
        receivers.connect()
    assert refusal.value.smtp_code == 421
    receivers.connect(source="127.0.0.2").quit()
    receivers.connect("yahoo").quit()
    (written,) = receivers.refused()
    assert (written.stage, written.sessions) == ("connect", 2)

    first.quit()
    eventually(lambda: not receivers.send())
    second.quit()


def test_greylisting_takes_the_second_attempt(start: Start) -> None:
    receivers = start("providers: {gmail: {greylisting: {seconds: 0.5}}}")
    assert receivers.send().startswith("451 4.7.1")
    assert receivers.send("reader@d000.yahoo.test", provider="yahoo") == ""
    time.sleep(0.5)

    assert receivers.send() == ""
    assert [one.rcpt_to for one in receivers.refused()] == [[GMAIL]]


def test_unknown_users_and_full_mailboxes_go_by_local_part(start: Start) -> None:
    receivers = start(
        "providers: {gmail: {unknown_users: {local_parts: ['gone-*', nobody]}, "
        "full_mailboxes: {local_parts: ['full-?'], reply: '552 5.2.2 The mailbox is full'}}}"
    )
    found = {
        name: receivers.send(f"{name}@d001.gmail.test")[:9]
        for name in ("gone-1", "GONE-2", "nobody", "full-1", "FULL-2", "full-12", "agone-1", "nobodys")
    }

    assert found == {
        "gone-1": "550 5.1.1",
        "GONE-2": "550 5.1.1",
        "nobody": "550 5.1.1",
        "full-1": "552 5.2.2",
        "FULL-2": "552 5.2.2",
        "full-12": "",
        "agone-1": "",
        "nobodys": "",
    }


def test_unsigned_mail_is_refused_by_policy(start: Start) -> None:
    receivers = start("providers: {microsoft: {authentication: {}, caps: {day: 1}}}")

    def send(more: str) -> str:
        return receivers.send("reader@d000.microsoft.test", message(more=more), provider="microsoft")[:9]

    assert send("") == "550 5.7.51"[:9]
    assert send(SIGNED) == "", "what was refused does not count against the cap"
    assert send(SIGNED) == "421 4.7.2"


def test_a_tarpit_delays_each_reply(start: Start) -> None:
    receivers = start("providers: {gmail: {tarpit: 0.2}}")

    def seconds(provider: str, recipient: str) -> float:
        began = time.monotonic()
        assert not receivers.send(recipient, provider=provider)
        return time.monotonic() - began

    slow, quick = seconds("gmail", GMAIL), seconds("yahoo", "reader@d000.yahoo.test")
    # Greeting, EHLO, MAIL, RCPT, DATA, its end and QUIT.
    assert slow >= 7 * 0.2
    assert quick < slow
    assert len(receivers.received()) == 2


def test_an_outage_refuses_connections_and_breaks_sessions_off(start: Start) -> None:
    receivers = start("")
    session = receivers.connect()
    assert not receivers.send()
    receivers.play("providers: {gmail: {outages: [{begins: 0.3, seconds: 3600, kind: refuse}]}}")
    eventually(lambda: _connected(receivers) is ConnectionRefusedError)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        session.noop()
    assert not receivers.send("reader@d000.yahoo.test", provider="yahoo")

    receivers.play("")
    eventually(lambda: _connected(receivers) is None)
    assert not receivers.send()


def _connected(receivers: Receivers) -> type[OSError] | None:
    """How a connection failed; None where it was greeted well."""
    try:
        receivers.connect().quit()
    except OSError as failure:
        return type(failure)
    return None


def test_a_busy_provider_greets_with_421(start: Start) -> None:
    receivers = start("providers: {gmail: {outages: [{begins: 0, seconds: 3600, kind: busy}]}}")
    assert receivers.send().startswith("421 4.3.2")
    assert [one.stage for one in receivers.refused()] == ["connect"]
    assert not receivers.send("reader@d000.yahoo.test", provider="yahoo")

    receivers.play("")
    assert not receivers.send()


def test_a_message_whose_reply_is_dropped_is_taken_and_comes_again(start: Start) -> None:
    receivers = start("providers: {gmail: {drop_after_data: {every: 2}}}")
    assert not receivers.send(text=message(1))
    with pytest.raises(smtplib.SMTPServerDisconnected):
        receivers.send(text=message(2))
    assert not receivers.send(text=message(2))

    found = [(receipt.message_id, bool(receipt.reply)) for receipt in receivers.received()]
    assert found == [("<1@warmlane.test>", True), ("<2@warmlane.test>", False), ("<2@warmlane.test>", True)]
    assert receivers.refused() == []
