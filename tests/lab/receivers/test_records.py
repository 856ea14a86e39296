"""What is written down of messages taken and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.receivers import Receipt, receipts, received
from lab.receivers.receipts import Refusal
from tests.lab.receivers.conftest import GMAIL, HELO, SENDER, Start


def test_a_message_is_written_down_with_where_it_came_from(start: Start) -> None:
    receivers = start("")
    assert not receivers.send("reader@alder-mail.test", provider="alder")

    (receipt,) = receivers.received()
    assert (receipt.source, receipt.helo) == ("127.0.0.1", HELO)
    assert (receipt.mail_from, receipt.rcpt_to) == (SENDER, ["reader@alder-mail.test"])
    assert (receipt.message_id, receipt.domain) == ("<1@warmlane.test>", "alder-mail.test")
    assert (receipt.provider, receipt.sessions, receipt.reply) == ("alder", 1, "250 2.0.0 Ok: taken")
    assert receivers.refused() == []


def test_mail_for_another_providers_domain_is_refused_and_not_counted_as_received(start: Start) -> None:
    receivers = start("")
    assert receivers.send(GMAIL, provider="yahoo").startswith("550 5.7.1")

    (refusal,) = receivers.refused()
    assert (refusal.provider, refusal.stage, refusal.rcpt_to) == ("yahoo", "rcpt", [GMAIL])
    assert receivers.received() == []


def test_a_session_has_one_name_and_knows_how_many_are_open(start: Start) -> None:
    receivers = start("")
    with receivers.connect() as one, receivers.connect() as other, receivers.connect(source="127.0.0.2") as third:
        for client in (one, one, other, third):
            client.sendmail(SENDER, [GMAIL], "Subject: Hello\r\n\r\n")

    found = receivers.received()
    assert [receipt.sessions for receipt in found] == [2, 2, 2, 1], "sessions are counted by source address"
    names = [receipt.session for receipt in found]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_only_what_came_since_is_given_and_no_half_line(tmp_path: Path) -> None:
    record = tmp_path / "received.jsonl"
    for time in (1.0, 2.0, 3.0):
        receipts.append(Receipt(time, "d", "s", "h", "f", ["t"], "m", 1), record)
    with record.open("a") as file:
        file.write('{"time": 4.0, "dom')

    assert [receipt.time for receipt in received(2.0, record)] == [2.0, 3.0]


def test_refusals_go_to_a_file_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts.settings, "RECEIVED", tmp_path / "received")
    monkeypatch.setattr(receipts.settings, "REFUSED", tmp_path / "refused")
    receipts.append(Receipt(1.0, "d", "s", "h", "f", ["t"], "m", 1))
    receipts.append(Refusal(2.0, "gmail", "connect", "421 4.3.2 Later", "s", "id", 0))

    assert [one.time for one in received(path=tmp_path / "received")] == [1.0]
    assert [one.time for one in receipts.refused(path=tmp_path / "refused")] == [2.0]
