"""The exporter as a process: it serves its pages, says what is wrong with its mounts, and ends when it is told to."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

CONFIG = {"lanes": {"amber": {"address": "192.0.2.9", "hostname": "amber.example.net"}}, "ask": {"snds": True}}


def test_it_serves_and_ends(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "services.reputation", str(config), str(tmp_path / "keys"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            page = _page(f"http://127.0.0.1:{port}/metrics", process)
            assert _page(f"http://127.0.0.1:{port}/healthz", process) == "ok\n"
        finally:
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=20)
    assert "# TYPE reputation_operator_listed gauge" in page
    assert process.returncode == 0, said


def _page(url: str, process: subprocess.Popen[str]) -> str:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError(f"{url} was not served")


def test_a_config_that_is_not_sound_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG | {"ask": {"zones": ["sorbs"]}}))
    command = [sys.executable, "-m", "services.reputation", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and "ask.zones" in ended.stderr and "'sorbs' is no blocklist" in ended.stderr
