"""Receivers, over loopback."""

from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path

import pytest

from lab.receivers import Receipt, receipts, received, sinks

MESSAGE = "From: a@warmlane.test\r\nMessage-ID: <1@warmlane.test>\r\nSubject: Hello\r\n\r\nHello\r\n"


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "received.jsonl"
    monkeypatch.setattr(sinks, "append", lambda receipt: receipts.append(receipt, path))
    return path


def deliver(recipient: str) -> None:
    """One message to a sink of alder-mail.test on a free port."""

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="amber.warmlane.test", timeout=5) as client:
            client.sendmail("a@warmlane.test", [recipient], MESSAGE)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: sinks.server("alder-mail.test"), "127.0.0.1", 0)
        async with server:
            await loop.run_in_executor(None, send, server.sockets[0].getsockname()[1])

    asyncio.run(run())


def test_a_message_is_written_down_with_where_it_came_from(record: Path) -> None:
    deliver("reader@alder-mail.test")

    (receipt,) = received(path=record)
    assert (receipt.source, receipt.helo) == ("127.0.0.1", "amber.warmlane.test")
    assert (receipt.mail_from, receipt.rcpt_to) == ("a@warmlane.test", ["reader@alder-mail.test"])
    assert (receipt.message_id, receipt.domain) == ("<1@warmlane.test>", "alder-mail.test")


def test_mail_for_another_domain_is_refused(record: Path) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        deliver("reader@elsewhere.test")
    assert received(path=record) == []


def test_only_what_came_since_is_given_and_no_half_line(record: Path) -> None:
    for time in (1.0, 2.0, 3.0):
        receipts.append(Receipt(time, "d", "s", "h", "f", ["t"], "m", 1), record)
    with record.open("a") as file:
        file.write('{"time": 4.0, "dom')

    assert [receipt.time for receipt in received(2.0, record)] == [2.0, 3.0]
