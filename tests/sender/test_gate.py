"""Providers, queues, checkpoint, metrics and the HTTP server of the gate."""

from __future__ import annotations

import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from services.sender.gate import checkpoint, queues
from services.sender.gate.counts import Counts
from services.sender.gate.metrics import SenderCollector, exposition
from services.sender.gate.server import server
from services.sender.log_follow import Position
from warmlane.providers import PROVIDERS, provider

SERIES_LIMIT = 300


@pytest.mark.parametrize(
    ("domain", "relay", "bucket"),
    [
        ("gmail.com", None, "gmail"),
        ("shop.test", "alt1.aspmx.l.google.com", "gmail"),
        ("shop.test", "shop-test.mail.protection.outlook.com", "microsoft"),
        ("hotmail.fr", None, "microsoft"),
        ("yahoo.co.uk", None, "yahoo"),
        ("yahoo.com", "mta7.am0.yahoodns.net", "yahoo"),
        ("AOL.com.", None, "yahoo"),
        ("live.shop.test", None, "other"),
        ("alder-mail.test", "mx.alder-mail.test", "other"),
        ("notgoogle.com", "mx.notgoogle.com", "other"),
        ("", None, "other"),
    ],
)
def test_provider_is_the_mx_that_answered_or_the_domain(domain: str, relay: str | None, bucket: str) -> None:
    assert provider(domain, relay) == bucket
    assert bucket in PROVIDERS


def test_queue_sizes_count_files_in_hashed_folders(tmp_path: Path) -> None:
    for path in ("active/4jY1", "deferred/A/A123", "deferred/B/B123", "deferred/B/B124"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    assert queues.sizes(tmp_path) == {"incoming": 0, "active": 1, "deferred": 3, "hold": 0, "maildrop": 0}


def test_octets_are_those_on_disk_in_all_folders(tmp_path: Path) -> None:
    before = queues.octets(tmp_path)
    for path in ("hold/4jY1", "deferred/A/A123"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x" * 100_000)
    assert 200_000 <= queues.octets(tmp_path) - before <= 300_000
    assert queues.octets(tmp_path / "nothing") == 0


def test_checkpoint_keeps_place_and_counts_together(tmp_path: Path) -> None:
    path = tmp_path / "gate.json"
    counts = Counts(unparsed=3)
    counts.deliveries["bounced", "gmail"] = 7
    checkpoint.save(path, checkpoint.Checkpoint(Position(12, 345), counts))
    assert checkpoint.load(path) == checkpoint.Checkpoint(Position(12, 345), counts)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"inode": 1, "offset": 2, "counts": {"deliveries": 4}}'])
def test_unreadable_checkpoint_counts_the_log_from_its_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gate.json"
    path.write_text(text)
    assert checkpoint.load(path) == checkpoint.Checkpoint(None, Counts())


def empty_metrics() -> str:
    return exposition(SenderCollector(Counts, lambda: dict.fromkeys(queues.QUEUES, 0), lambda: None)).decode()


def test_every_series_exists_before_the_first_message() -> None:
    lines = [line for line in empty_metrics().splitlines() if not line.startswith("#")]
    assert 'sender_deliveries_total{outcome="bounced",provider="gmail"} 0.0' in lines
    assert 'sender_queue_messages{queue="hold"} 0.0' in lines
    assert 'sender_submissions_total{result="accepted"} 0.0' in lines
    assert 'sender_bounces_total{class="invalid-recipient"} 0.0' in lines
    assert 'sender_queue_oldest_seconds{state="tried"} 0.0' in lines
    assert "sender_log_lines_unparsed_total 0.0" in lines
    assert len(lines) <= SERIES_LIMIT
    assert not any("campaign" in line or "lane" in line for line in lines), (
        "identity comes from the scrape, not the pod"
    )


def test_promtool_finds_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is needed: apt-get install prometheus"
    checked = subprocess.run([promtool, "check", "metrics"], input=empty_metrics(), text=True, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_server_answers_metrics_and_health() -> None:
    health = [True]
    http = server(("127.0.0.1", 0), lambda: b"m 1\n", lambda: health[0])
    threading.Thread(target=http.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{http.server_port}"
    try:
        with urllib.request.urlopen(f"{base}/metrics", timeout=5) as answer:
            assert answer.read() == b"m 1\n"
        with urllib.request.urlopen(f"{base}/healthz", timeout=5) as answer:
            assert answer.status == 200
        health[0] = False
        for path, status in (("/healthz", 503), ("/other", 404)):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(base + path, timeout=5)
            assert refused.value.code == status
    finally:
        http.shutdown()
        http.server_close()
