"""The dashboards' JSON against the rules that Grafana's dashboard linter and this project have."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard

from components.monitoring import documents, grafana
from components.monitoring.artifacts import DASHBOARD_FILES
from components.monitoring.boards.shape import MESSAGES, PER_SECOND, PLAIN, RATIO, SECONDS
from tests.monitoring.exported import asked_for, exported
from tests.monitoring.judging import promtool

BOARDS: dict[str, dict[str, Any]] = {name: json.loads(path.read_text()) for name, path in DASHBOARD_FILES.items()}
PANELS = [
    pytest.param(name, panel, id=f"{name}: {panel['title']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]
EACH = pytest.mark.parametrize(("board", "panel"), PANELS)
ALL = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


def variables(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def test_identities_are_fixed_and_differ() -> None:
    assert {name: board["uid"] for name, board in BOARDS.items()} == {
        name: f"warmlane-{name}" for name in DASHBOARD_FILES
    }
    assert list(BOARDS) == ["fleet", "campaign", "lane", "provider", "gate"]


@ALL
def test_dashboard_has_sources_links_and_distinct_panels(board: dict[str, Any]) -> None:
    found = variables(board)
    assert found["datasource"]["type"] == "datasource" and found["datasource"]["query"] == "prometheus"
    for name, variable in found.items():
        if variable["type"] == "query":
            assert variable["datasource"]["uid"] == "${datasource}", name
            assert variable["refresh"] == 2, f"{name} must follow the time range: campaigns come and go"
            assert 'job="email_senders"' in variable["query"], name
    assert [link["type"] for link in board["links"]] == ["dashboards"]
    assert board["links"][0]["tags"] == board["tags"] == ["warmlane"]
    assert board["description"].endswith(".") and board["editable"] is False
    ids = [panel["id"] for panel in board["panels"]]
    titles = [panel["title"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids) and len(set(titles)) == len(titles)


@ALL
def test_sdk_reads_it_back_unchanged(board: dict[str, Any]) -> None:
    assert Dashboard.from_json(board).uid == board["uid"]


@EACH
def test_panel_says_what_it_shows(board: str, panel: dict[str, Any]) -> None:
    assert panel["title"] and panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in {MESSAGES, PER_SECOND, PLAIN, RATIO, SECONDS}
    assert panel["datasource"]["uid"] == "${datasource}"
    assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
    assert panel["targets"] and all(target["legendFormat"] for target in panel["targets"])


@EACH
def test_panel_asks_for_what_there_is(board: str, panel: dict[str, Any]) -> None:
    for expression in expressions(panel):
        asked = asked_for(expression)
        assert asked <= exported()
        for metric in asked:
            if metric.startswith("sender_"):
                selectors = re.findall(rf"{metric}\{{([^}}]*)\}}", expression)
                assert selectors and all('job="email_senders"' in each for each in selectors), f"{metric}: no job"
        used = set(re.findall(r"\$(\w+)", expression)) - {"__rate_interval"}
        assert used <= set(variables(BOARDS[board]))


@EACH
def test_counters_are_shown_as_rates_of_the_shown_interval(board: str, panel: dict[str, Any]) -> None:
    for expression in expressions(panel):
        assert expression.count("rate(") == expression.count("[$__rate_interval]")
        for counter in re.findall(r"sender_\w+(?:_total|_bucket|_count)\b", expression):
            assert re.search(rf"rate\({counter}\{{[^}}]*\}}\[\$__rate_interval\]\)", expression), counter
        # A campaign's variable may stand for several: an exact match would find none of them.
        for name, variable in variables(BOARDS[board]).items():
            if variable.get("multi"):
                assert f'="${name}"' not in expression


@EACH
def test_legend_uses_labels_that_the_query_keeps(board: str, panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        kept = re.search(r"by \(([^)]*)\)", target["expr"])
        if kept:
            grouped = set(kept[1].split(", "))
            assert wanted <= grouped | ({"campaign"} if "le" in grouped else set())


def test_every_query_is_promql(tmp_path: Path) -> None:
    filled = [
        re.sub(r"\$(campaign|lane|provider)", ".*", expression).replace("$__rate_interval", "1m")
        for case in PANELS
        for expression in expressions(case.values[1])
    ]
    rules = [{"record": f"panel:number_{place}:query", "expr": expression} for place, expression in enumerate(filled)]
    path = tmp_path / "queries.yaml"
    path.write_text(documents.text({"groups": [{"name": "panels", "rules": rules}]}))
    checked = subprocess.run([promtool(), "check", "rules", str(path)], text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_grafana_is_given_every_dashboard() -> None:
    files = grafana.config_files()["grafana-dashboards"]
    assert {json.loads(text)["uid"] for text in files.values()} == {board["uid"] for board in BOARDS.values()}
    assert documents.grafana_datasources()["datasources"][0]["uid"] == "prometheus"
    assert sum(map(len, files.values())) < 900_000, "a ConfigMap holds at most 1 MiB"
