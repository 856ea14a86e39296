"""`warmlane check-list`: verdicts, outputs and report of a whole list, and going on after a kill."""

from __future__ import annotations

import asyncio
import csv
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.domain.recipients.dns_server import SERVFAIL, Zone, a, mx, serving

ZONE = {
    "shop.test": {"MX": mx("shop.test", "10 mx.shop.test.")},
    "mx.shop.test": {"A": a("mx.shop.test")},
    "null.test": {"MX": mx("null.test", "0 .")},
    "parked.test": {"MX": mx("parked.test", "10 mail.h-email.net.")},
    "failing.test": {"*": SERVFAIL},
    "gmal.com": {"MX": mx("gmal.com", "10 mx.shop.test.")},
}
LIST = """id,email,name
1,user@shop.test,"Person, One"
2, User@SHOP.test ,Two
3,info@shop.test,Three
4,nobody,Four
5,user@gone.test,Five
6,user@null.test,Six
7,user@parked.test,Seven
8,user@failing.test,Eight
9,user@gmal.com,"Ni
ne"
10,user@mailinator.com,Ten
"""
REASONS = {
    "3": ("accept", "business-role", "2.1.5"),
    "4": ("reject", "malformed", "5.1.3"),
    "5": ("reject", "no-domain", "5.1.2"),
    "6": ("reject", "null-mx", "5.1.10"),
    "7": ("reject", "parked", "5.1.2"),
    "8": ("defer", "dns-unknown", "4.4.3"),
    "9": ("reject", "likely-typo", "5.1.2"),
    "10": ("reject", "disposable", "5.7.1"),
}
SLOWLY = """
import sys, time
from cli import main
from cli.check_list import outputs, run
run.BATCH, run.CHECKPOINT_SECONDS = 20, 0
added = outputs.Outputs.add
def add(self, judged):
    time.sleep(0.005)
    added(self, judged)
outputs.Outputs.add = add
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.fixture
def dns() -> Iterator[tuple[str, Zone]]:
    """A DNS server in a thread: its address for `--dns-server`, and what it was asked."""
    ready, found = threading.Event(), dict[str, Any]()

    async def serve() -> None:
        async with serving(ZONE) as (zone, server):
            found.update(zone=zone, at=f"{server.address}:{server.port}", stop=asyncio.Event())
            found["loop"] = asyncio.get_running_loop()
            ready.set()
            await found["stop"].wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10), "the DNS server did not start"
    yield found["at"], found["zone"]
    found["loop"].call_soon_threadsafe(found["stop"].set)
    thread.join(10)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "list.csv"
    file.write_text(LIST)
    return file


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as content:
        return list(csv.DictReader(content))


def test_every_row_gets_its_verdict(warmlane: Any, source: Path, dns: tuple[str, Zone]) -> None:
    code, out, _ = warmlane("check-list", str(source), "--dns-server", dns[0], "--json")
    said, directory = json.loads(out), source.with_name("list.csv.checked")
    assert code == 0 and said["verdicts"] == {"accept": 3, "defer": 1, "reject": 6}
    found = {
        row["id"]: (row["warmlane_verdict"], row["warmlane_reason"], row["warmlane_status"])
        for row in rows(directory / "findings.csv")
    }
    assert found == REASONS
    assert {row["id"]: row["email"] for row in rows(directory / "clean.csv")} == {
        "1": "user@shop.test",
        "2": "User@SHOP.test",
        "3": "info@shop.test",
    }, "addresses are kept as they were written, but for the blanks around"
    typo = next(row for row in rows(directory / "findings.csv") if row["id"] == "9")
    assert (typo["warmlane_suggestion"], typo["warmlane_line"], typo["name"]) == ("gmail.com", "10", "Ni\nne")
    assert said["risk"]["score"] <= said["risk"]["at_worst"] and said["risk"]["level"] == "high"
    assert any("Pristine" in sentence for sentence in said["cannot_see"])
    assert not (directory / "checkpoint.json").exists()
    assert {oct(file.stat().st_mode & 0o777) for file in directory.iterdir()} == {"0o600"}, "the lists are private"


def test_dns_is_asked_for_records_of_domains_only(warmlane: Any, source: Path, dns: tuple[str, Zone]) -> None:
    warmlane("check-list", str(source), "--dns-server", dns[0])
    assert {kind for _, kind in dns[1].asked} <= {"MX", "A", "AAAA"}
    assert max(dns[1].asked.values()) == 1, "a domain is asked for once, however many rows have it"
    assert not [name for name, _ in dns[1].asked if name in ("mailinator.com", "nobody")]


def test_nothing_here_speaks_smtp() -> None:
    root = Path(__file__).resolve().parents[2]
    files = [*(root / "warmlane/recipients").glob("*.py"), *(root / "cli/check_list").glob("*.py")]
    speaking = [
        file.name for file in files if re.search(r"smtplib|aiosmtplib|open_connection|socket", file.read_text())
    ]
    assert len(files) > 20 and speaking == [], "strangers' mail servers are never probed"


def test_without_dns_nobody_is_rejected_for_a_domain(warmlane: Any, source: Path) -> None:
    code, out, _ = warmlane("--json", "check-list", str(source), "--no-dns")
    said = json.loads(out)
    assert code == 0 and said["verdicts"] == {"accept": 7, "defer": 0, "reject": 3}
    assert any("DNS was not asked" in sentence for sentence in said["cannot_see"])


def test_a_silent_dns_server_rejects_nobody_for_a_domain(warmlane: Any, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("email\na@shop.test\nb@gone.test\n")
    code, out, _ = warmlane("--json", "check-list", str(source), "--dns-server", "127.0.0.1:1")
    said = json.loads(out)
    assert code == 0 and said["verdicts"] == {"accept": 0, "defer": 2, "reject": 0}
    assert (said["risk"]["score"], said["risk"]["at_worst"]) == (0, 100)


def test_the_report_stands_alone_and_escapes(warmlane: Any, tmp_path: Path) -> None:
    source = tmp_path / "<script>&.csv"
    source.write_text(LIST)
    warmlane("check-list", str(source), "--no-dns", "--out", str(tmp_path / "out"))
    page = (tmp_path / "out/report.html").read_text()
    assert "<script" not in page and "&lt;script&gt;&amp;.csv" in page
    assert not re.search(r"""(src|href)\s*=|url\(|@import|https?:""", page), "the page needs nothing from elsewhere"
    assert "default-src 'none'" in page and "Pristine spam traps" in page
    plots = re.findall(r"<svg.*?</svg>", page)
    assert len(plots) == 4
    for plot in plots:
        drawn = ElementTree.fromstring(plot)
        assert drawn.find("title") is not None and drawn.findall("rect")


def test_a_bad_line_ends_the_run_and_is_named(warmlane: Any, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("email,name\na@shop.test,A\nb@shop.test\n")
    code, _, err = warmlane("check-list", str(source), "--no-dns")
    assert code == 1 and "list.csv: 1 problem" in err and "line 3: value b@shop.test is not allowed" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--dns-server", "dns.example"), "Give an IP address"),
        (("--dns-server", "192.0.2.1", "--no-dns"), "Give one of them"),
        (("--column", "mail"), "the columns are id, email, name"),
    ],
)
def test_wrong_options_are_refused(warmlane: Any, source: Path, words: tuple[str, ...], said: str) -> None:
    code, _, err = warmlane("check-list", str(source), *words)
    assert code in (1, 2) and said in err


def test_a_missing_file_is_named(warmlane: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A longer path is wrapped within the message's frame.
    monkeypatch.chdir(tmp_path)
    code, _, err = warmlane("check-list", "none.csv")
    assert code == 2 and "none.csv" in err


def test_a_list_is_not_overwritten_by_its_own_result(warmlane: Any, tmp_path: Path) -> None:
    source = tmp_path / "clean.csv"
    source.write_text(LIST)
    code, _, err = warmlane("check-list", str(source), "--no-dns", "--out", str(tmp_path))
    assert code == 2 and "overwritten by its own result" in err and source.read_text() == LIST


def test_two_runs_do_not_write_to_one_directory(warmlane: Any, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    handle = os.open(out, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        code, _, err = warmlane("check-list", str(source), "--no-dns", "--out", str(out))
    finally:
        os.close(handle)
    assert code == 1 and "Another run writes" in err


def many(file: Path) -> Path:
    """2,000 rows of all kinds, some over two lines."""
    written = ["id,email,name"]
    for number in range(2_000):
        address = ("user@gmial.com", f"u{number}@shop.test", "abuse@x.test", "bad", f"a@d{number}.test")[number % 5]
        name = '"two\nlines"' if number % 7 == 0 else "one"
        written.append(f"{number},{address},{name}")
    file.write_text("\n".join(written) + "\n")
    return file


def contents(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted(directory.iterdir())}


def test_a_killed_run_goes_on_and_gives_the_same(
    warmlane: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.check_list.run.BATCH", 20)
    source, out = many(tmp_path / "list.csv"), tmp_path / "out"
    code, _, _ = warmlane("check-list", str(source), "--no-dns", "--out", str(tmp_path / "whole"))
    assert code == 0
    command = [sys.executable, "-c", SLOWLY, "--json", "check-list", str(source), "--no-dns", "--out", str(out)]
    places = list[int]()
    for _ in range(3):
        # Also a torn write behind the checkpoint, as a kill of the machine leaves it.
        run = subprocess.Popen(command, cwd=Path(__file__).resolve().parents[2], stdout=subprocess.DEVNULL)
        before = places[-1] if places else 0
        place = wait_for_checkpoint_after(out / "checkpoint.json", before)
        run.send_signal(signal.SIGKILL)
        assert run.wait(10) == -signal.SIGKILL, "the run was over before it could be killed"
        places.append(place)
        with (out / "clean.csv").open("ab") as torn:
            torn.write(b"half a ro")
    assert places == sorted(set(places)), "each run went on from where the one before was killed"
    code, printed, _ = warmlane("--json", "check-list", str(source), "--no-dns", "--out", str(out))
    assert code == 0 and json.loads(printed)["resumed_after"] >= 20
    assert contents(out) == contents(tmp_path / "whole")


def wait_for_checkpoint_after(file: Path, offset: int) -> int:
    """The offset of the first checkpoint behind an offset."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if file.exists() and (reached := json.loads(file.read_text())["offset"]) > offset:
            return int(reached)
        time.sleep(0.01)
    raise AssertionError("no checkpoint was written in 60 s")


@pytest.mark.parametrize("change", ["list", "option", "output lost", "checkpoint torn"])
def test_another_run_starts_anew(warmlane: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    source, out = many(tmp_path / "list.csv"), tmp_path / "out"
    monkeypatch.setattr("cli.check_list.run.CHECKPOINT_SECONDS", 0)
    with monkeypatch.context() as stopped:
        stopped.setattr("cli.check_list.command._report", interrupted)
        assert warmlane("check-list", str(source), "--no-dns", "--out", str(out))[0] == 3
    assert (out / "checkpoint.json").exists()
    column = "email"
    if change == "list":
        source.write_text(source.read_text() + "2000,last@shop.test,one\n")
    elif change == "option":
        column = "name"
    elif change == "output lost":
        (out / "findings.csv").unlink()
    else:
        (out / "checkpoint.json").write_text("{")
    words = ("--json", "check-list", str(source), "--no-dns", "--column", column, "--out")
    code, printed, _ = warmlane(*words, str(out))
    assert code == 0 and json.loads(printed)["resumed_after"] == 0
    warmlane(*words, str(tmp_path / "fresh"))
    assert contents(out) == contents(tmp_path / "fresh")


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt
