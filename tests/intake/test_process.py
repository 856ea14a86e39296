"""The intake as a process: it is killed while mail comes, and what it said 250 for is booked once."""

from __future__ import annotations

import json
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from services.intake.__main__ import main
from services.intake.settings import MountedKeys, SettingsError, parse_settings
from tests.intake.world import DAY, DOMAIN, Desk, mail, token_of
from tests.returns.samples import KEYS, complaint, dsn

SETTINGS = {
    "hostname": "intake.news.example",
    "domains": [DOMAIN],
    "address": "127.0.0.1",
    "port": 0,
    "metrics_port": 0,
}
REPORTS = 300
SECONDS = 30.0


@pytest.fixture
def mounted(tmp_path: Path, store: Engine) -> Path:
    directory = tmp_path / "mounted"
    directory.mkdir()
    (directory / "intake.json").write_text(json.dumps(SETTINGS))
    (directory / "return_keys.json").write_text(json.dumps([KEYS.current.hex()]))
    (directory / "store_url").write_text(store.url.render_as_string(hide_password=False) + "\n")
    return directory


@contextmanager
def process(mounted: Path, spool: Path) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """A running intake and its two ports."""
    command = [sys.executable, "-m", "services.intake", str(mounted), str(spool)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        told = re.search(r"on port (\d+), metrics on port (\d+)", running.stdout.readline())
        assert told is not None, "it did not start"
        yield running, int(told[1]), int(told[2])
    finally:
        running.kill()
        running.wait(10)


def scraped(port: int) -> dict[tuple[str, ...], float]:
    """Figures by name and by the values of their labels, in the order of the labels' names."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return {
        (each.name, *(value for _, value in sorted(each.labels.items()))): each.value
        for family in families
        for each in family.samples
    }


def until_worked_off(port: int) -> dict[tuple[str, ...], float]:
    """The figures when nothing waits any more."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = scraped(port)
        if found["intake_waiting_messages",] == 0 and ("intake_returns_total", *RETURN) in found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"after {SECONDS:.0f} s reports still wait")


RETURN = ("receipts", "invalid-recipient", "bounce", "amber", "gmail")


def test_what_was_acknowledged_before_a_kill_is_booked_once(mounted: Path, store: Engine, tmp_path: Path) -> None:
    mail(store, range(REPORTS), sent=int(time.time()))
    acknowledged = list[int]()
    spool = tmp_path / "spool"
    with process(mounted, spool) as (running, port, _):
        enough = threading.Event()

        def send() -> None:
            with suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                for number in range(REPORTS):
                    client.sendmail("", [f"b+{token_of(number)}@{DOMAIN}"], dsn())
                    acknowledged.append(number)
                    if len(acknowledged) == REPORTS // 3:
                        enough.set()

        sender = threading.Thread(target=send)
        sender.start()
        assert enough.wait(SECONDS)
        running.send_signal(signal.SIGKILL)
        sender.join(SECONDS)
    assert REPORTS // 3 <= len(acknowledged) <= REPORTS
    with process(mounted, spool) as (running, port, metrics):
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            # Who got no 250 sends again, and some send what was taken once more.
            for number in range(len(acknowledged) - 5, REPORTS):
                client.sendmail("", [f"b+{token_of(number)}@{DOMAIN}"], dsn())
        found = until_worked_off(metrics)
        running.send_signal(signal.SIGTERM)
        assert running.wait(SECONDS) == 0
    desk = Desk(spool, store)
    assert desk.booked() == [("receipts", "amber", "gmail", DAY, "bounce", "invalid-recipient", REPORTS)]
    assert desk.suppressed(range(REPORTS)) == set(range(REPORTS))
    assert found["intake_returns_total", *RETURN] == REPORTS, "its figures go on where the killed one's ended"


def test_the_figures_begin_at_zero_and_tell_what_came(mounted: Path, store: Engine, tmp_path: Path) -> None:
    mail(store, range(3), sent=int(time.time()))
    with process(mounted, tmp_path / "spool") as (_, port, metrics):
        first = scraped(metrics)
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.sendmail("", [f"postmaster@{DOMAIN}"], b"Subject: hello\r\n\r\nhello\r\n")
            client.sendmail("", [f"b+{token_of(1)}@{DOMAIN}"], dsn())
            client.sendmail("", [f"f+{token_of(2)}@{DOMAIN}"], complaint())
            client.sendmail("", [f"b+{token_of(1)}@{DOMAIN}"], dsn())
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("", ["victim@other.example"], dsn())
        last = until_worked_off(metrics)
    zero = {key: value for key, value in first.items() if key[0] in ("intake_reports_total", "intake_refused_total")}
    assert len(zero) == 12 and set(zero.values()) == {0}, "a series that is not there hides its first event"
    for outcome, count in (("booked", 2), ("replayed", 1), ("kept", 1), ("forged", 0)):
        assert last["intake_reports_total", outcome] == count
    assert last["intake_refused_total", "relay"] == 1 and last["intake_messages_total",] == 4
    assert last["intake_kept_messages",] == 1 and last["intake_stalled",] == 0
    assert last["intake_returns_total", "receipts", "abuse", "complaint", "amber", "gmail"] == 1


def test_it_does_not_start_with_a_wrong_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main([str(tmp_path)]) == 1
    assert "intake.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("{}", "hostname"),
        (json.dumps({**SETTINGS, "domains": []}), "domains"),
        (json.dumps({**SETTINGS, "domains": ["News Example"]}), "domains"),
        (json.dumps({**SETTINGS, "limits": {"connections": 0}}), "connections"),
        (json.dumps({**SETTINGS, "relay": True}), "relay"),
    ],
)
def test_a_wrong_setting_is_named(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_settings(text)


def test_keys_are_read_again_when_they_change(tmp_path: Path) -> None:
    file = tmp_path / "return_keys.json"
    file.write_text(json.dumps(["11" * 32]))
    keys = MountedKeys(file)
    assert keys().current == b"\x11" * 32
    newer = tmp_path / "newer"
    newer.write_text(json.dumps(["22" * 32, "11" * 32]))
    newer.rename(file)
    assert keys().current == b"\x22" * 32 and keys().previous == b"\x11" * 32
