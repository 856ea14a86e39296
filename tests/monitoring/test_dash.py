"""`warmlane dash` against a real Prometheus with two campaigns' samples, and its drawing."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.request
import xml.etree.ElementTree as xml
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import main
from cli.cluster import Cluster
from cli.dash import boards, command, draw, samples
from cli.dash.page import page
from components.monitoring.artifacts import DASHBOARD_FILES
from components.monitoring.recordings import recording_rules
from services.sender.gate import queues
from services.sender.gate.counts import Counts
from services.sender.gate.metrics import SenderCollector, exposition
from tests.monitoring.judging import promtool

CAMPAIGNS = {"spring-sale": "amber", "newsletter": "birch"}
BOARDS = [boards.read(file) for file in DASHBOARD_FILES.values()]
MINUTES = 90


def shapes() -> list[tuple[str, str]]:
    """Every series of a sender without whose it is: the gate's real ones, and recordings for each provider."""
    lines = exposition(SenderCollector(Counts, lambda: dict.fromkeys(queues.QUEUES, 0), lambda: None)).decode()
    found = [
        (name, labels or "")
        for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? [\d.e+-]+$", lines, re.MULTILINE)
        if not name.endswith("_created")
    ]
    for rule in recording_rules():
        level = rule["record"].partition(":")[0]
        if level.startswith("campaign_lane"):
            extra = {"provider": "gmail", "outcome": "delivered", "reason": "expired"}
            found.append((rule["record"], ",".join(f'{key}="{text}"' for key, text in extra.items() if key in level)))
    return [*found, ("up", "")]


def openmetrics(now: int) -> str:
    """Samples of an hour and a half at steps of 15 s. Values grow with the name's length, so that panels differ."""
    lines = list[str]()
    for name, labels in shapes():
        lines.append(f"# TYPE {name} unknown")
        for number, (campaign, lane) in enumerate(CAMPAIGNS.items(), start=1):
            own = f'job="email_senders",campaign="{campaign}",lane="{lane}",pod="{campaign}-1"'
            for tick in range(MINUTES * 4):
                value = 1 if name == "up" else number * tick * len(name)
                lines.append(f"{name}{{{own}{',' if labels else ''}{labels}}} {value} {now - MINUTES * 60 + tick * 15}")
    alerts = [f'ALERTS{{alertstate="firing",severity="info"}} 1 {now - 15 * tick}' for tick in range(4, -1, -1)]
    return "\n".join([*lines, "# TYPE ALERTS unknown", *alerts, "# EOF", ""])


@pytest.fixture(scope="module")
def now() -> int:
    return int(time.time()) // 15 * 15


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory, now: int) -> Iterator[samples.Ask]:
    folder = tmp_path_factory.mktemp("prometheus")
    text = folder / "samples.txt"
    text.write_text(openmetrics(now))
    loading = [promtool(), "tsdb", "create-blocks-from", "openmetrics", str(text), str(folder / "data")]
    loaded = subprocess.run(loading, text=True, capture_output=True)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    config = folder / "prometheus.yml"
    config.write_text("{}")
    program = shutil.which("prometheus")
    assert program, "Prometheus is needed: apt-get install prometheus"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            [program, *options, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log
        )

    def answer(path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as given:
            return json.load(given)

    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield answer
    finally:
        running.terminate()
        running.wait(20)


def drawn_panels() -> int:
    plain = {board.title: sum(panel.kind != "row" for panel in board.panels) for board in BOARDS}
    return sum(
        count * (len(CAMPAIGNS) if board.one_of else 1) for board, count in zip(BOARDS, plain.values(), strict=True)
    )


def test_every_panel_of_every_board_is_answered_and_drawn(ask: samples.Ask, now: int) -> None:
    shown = samples.Window(now - 3600, now, 60)
    chosen = {label: samples.values_of(ask, label, "email_senders", shown) for label in ("campaign", "lane")}
    assert chosen == {"campaign": sorted(CAMPAIGNS), "lane": sorted(CAMPAIGNS.values())}
    made = page("dev", BOARDS, chosen, ask, shown)
    assert made.empty == []
    assert made.panels == drawn_panels()
    for picture in re.findall(r"<svg.*?</svg>", made.html, re.DOTALL):
        lines = xml.fromstring(picture).findall("polyline")
        assert lines, "a panel with data has a line"
    for board in BOARDS:
        for panel in board.panels:
            assert made.html.count(f">{panel.title}<") >= (len(CAMPAIGNS) if board.one_of else 1), panel.title
    assert not re.search(r"<script|https?://|@import|src=", made.html), "the page needs nothing but itself"


def test_a_campaigns_board_shows_that_campaign_alone(ask: samples.Ask, now: int) -> None:
    board = next(board for board in BOARDS if board.title == "Campaign")
    made = page("dev", [board], {"campaign": ["newsletter"]}, ask, samples.Window(now - 3600, now, 60))
    last = 2 * (MINUTES * 4 - 1) * len("campaign_lane:sender_bounces:count1h")
    section = re.search(r"<h4>Bounces and final answers, last hour</h4>.*?</section>", made.html, re.DOTALL)
    assert section and f"bounces <b>{draw.figure(last, 'short')}</b>" in section[0]


def test_what_prometheus_does_not_know_is_said(ask: samples.Ask, now: int) -> None:
    board = next(board for board in BOARDS if board.title == "Campaign")
    made = page("dev", [board], {"campaign": ["no-such"]}, ask, samples.Window(now - 3600, now, 60))
    assert len(made.empty) == made.panels == sum(panel.kind != "row" for panel in board.panels)
    assert made.html.count("no data") == made.panels


def test_command_asks_by_the_api_servers_proxy(
    ask: samples.Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()

    def get(_: Cluster, path: str) -> Any:
        asked.append(path)
        assert path.startswith(command.PROXY)
        return ask(path.removeprefix(command.PROXY))

    monkeypatch.setattr(Cluster, "get", get)
    monkeypatch.setattr(command, "engine_of", lambda *_: SimpleNamespace(variables={}))
    out = tmp_path / "dash.html"
    result = CliRunner().invoke(main.app, ["--json", "dash", "-e", "dev", "--out", str(out), "--hours", "1"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["panels"] == drawn_panels() and document["empty"] == [] and document["file"] == str(out)
    assert "/services/prometheus:9090/proxy/" in asked[0]
    assert out.read_text().startswith("<!doctype html>")


def test_a_page_that_can_not_be_written_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    result = CliRunner().invoke(main.app, ["dash", "--out", str(tmp_path)])
    assert result.exit_code != 0
    assert "Give --out a file" in str(getattr(result.exception, "advice", ""))


def test_queries_are_grafanas_with_its_variables_filled_in() -> None:
    given = 'rate(x{campaign=~"$campaign",lane="$lane"}[$__rate_interval])'
    assert boards.filled(given, 15, {"lane": "amber"}) == 'rate(x{campaign=~".*",lane="amber"}[60s])'
    assert "[315s]" in boards.filled(given, 300, {})
    for board in BOARDS:
        for panel in board.panels:
            for query in panel.queries:
                assert "$" not in boards.filled(query.expression, 15, {})


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0512, "percentunit", "5.12 %"),
        (1234.0, "short", "1.23k"),
        (0.25, "s", "0.25 s"),
        (3.0, "cps", "3/s"),
        (0.0, "none", "0"),
        (2_500_000.0, "short", "2.5M"),
    ],
)
def test_figures_carry_their_unit(value: float, unit: str, text: str) -> None:
    assert draw.figure(value, unit) == text


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (0.03, 0.05), (1, 1), (2.1, 2.5), (99, 100), (1000, 1000)])
def test_axis_ends_at_a_round_number(highest: float, top: float) -> None:
    assert draw.ceiling(highest) == pytest.approx(top)


def test_a_gap_stays_a_gap_and_names_are_escaped() -> None:
    points = [(0.0, 1.0), (60.0, 2.0), (600.0, 3.0), (660.0, 4.0), (3600.0, 0.0)]
    text = draw.plot([('<b>&"', points)], "none", samples.Window(0, 3600, 60))
    picture = xml.fromstring(text.partition("</svg>")[0] + "</svg>")
    assert len(picture.findall("polyline")) == 2 and len(picture.findall("circle")) == 1
    assert picture.findall("polyline")[0].findtext("title") == '<b>&"'
    assert "<li><i" in text and "&lt;b&gt;&amp;" in text.partition("</svg>")[2], "the legend escapes names too"


def test_values_lie_where_the_axis_says() -> None:
    picture = xml.fromstring(
        draw.plot(
            [("a", [(0.0, 0.0), (1800.0, 50.0), (3600.0, 100.0)])], "none", samples.Window(0, 3600, 1800)
        ).partition("</svg>")[0]
        + "</svg>"
    )
    line = picture.find("polyline")
    assert line is not None
    (x0, y0), (x1, y1), (x2, y2) = (map(float, pair.split(",")) for pair in line.attrib["points"].split())
    assert (x0, x2) == (draw.LEFT, draw.WIDTH - draw.RIGHT) and x1 == pytest.approx((x0 + x2) / 2, abs=0.1)
    assert (y0, y2) == (draw.HEIGHT - draw.BOTTOM, draw.TOP) and y1 == pytest.approx((y0 + y2) / 2, abs=0.1)


def test_window_lies_on_steps() -> None:
    shown = command.window(1_000_000.0, 6)
    assert shown == command.window(1_000_010.0, 6)
    assert shown.step % 15 == 0 and shown.end % shown.step == 0
    assert shown.end - shown.start == 6 * 3600
