"""Each alert by promtool: it fires, it does not fire, and it is silent on little or no data."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.monitoring import alerts, documents
from components.monitoring.artifacts import DASHBOARD_FILE, RULES_FILE
from components.monitoring.generate import generated
from warmlane.environment import Lease, LeaseState

ROOT = Path(__file__).parents[2]
LEASES = {"spring-sale": Lease(lane="amber", since=date(2026, 11, 2))}
WHO = 'job="email_senders",campaign="spring-sale",lane="amber"'
UP = {f'up{{{WHO},pod="a"}}': "1x240"}


def promtool() -> str:
    found = shutil.which("promtool")
    assert found, "promtool is needed: apt-get install prometheus"
    return found


def deliveries(outcome: str, values: str, pod: str = "a", provider: str = "other") -> dict[str, str]:
    return {f'sender_deliveries_total{{{WHO},outcome="{outcome}",provider="{provider}",pod="{pod}"}}': values}


@dataclass(frozen=True)
class Case:
    """Series at one-minute steps, and the alerts that fire at `at`."""

    why: str
    series: dict[str, str]
    at: str
    alert: str
    value: str | None = None
    """The value in the description; None: the alert must not fire."""
    labels: dict[str, str] = field(default_factory=lambda: {"campaign": "spring-sale", "lane": "amber"})


BOUNCING = "BounceRatioHigh"
CASES = [
    Case(
        "one in ten bounces, a thousand messages",
        {**deliveries("delivered", "0+9x240"), **deliveries("bounced", "0+1x240"), **UP},
        "3h",
        BOUNCING,
        "10%",
    ),
    Case(
        "bounces of all pods and providers count together, each below the floor",
        {
            **deliveries("delivered", "0+1x240"),
            **deliveries("bounced", "0+0.1x240"),
            **deliveries("bounced", "0+0.1x240", pod="b", provider="gmail"),
            **UP,
        },
        "3h",
        BOUNCING,
        "16.67%",
    ),
    Case(
        "2 % is ordinary",
        {**deliveries("delivered", "0+98x240"), **deliveries("bounced", "0+2x240"), **UP},
        "3h",
        BOUNCING,
    ),
    Case(
        "nine bounces an hour are too few to judge, though every message bounced",
        {**deliveries("delivered", "0x240"), **deliveries("bounced", "0+0.15x240"), **UP},
        "3h",
        BOUNCING,
    ),
    Case(
        "no mail at all", {**deliveries("delivered", "5x240"), **deliveries("bounced", "5x240"), **UP}, "3h", BOUNCING
    ),
    Case("no series", {}, "3h", BOUNCING),
    Case(
        "a restart of the counter is no wave of bounces",
        {**deliveries("delivered", "0+98x100 0+98x140"), **deliveries("bounced", "0+2x100 0+2x140"), **UP},
        "2h",
        BOUNCING,
    ),
    Case(
        "deferrals are no bounces",
        {
            **deliveries("delivered", "0+9x240"),
            **deliveries("deferred", "0+90x240"),
            **deliveries("bounced", "0x240"),
            **UP,
        },
        "3h",
        BOUNCING,
    ),
    Case("down for three minutes", {f'up{{{WHO},pod="a"}}': "1x20 0x20"}, "24m", "SenderDown", "1"),
    Case(
        "both pods down are one alert",
        {f'up{{{WHO},pod="a"}}': "1x20 0x20", f'up{{{WHO},pod="b"}}': "1x20 0x20"},
        "24m",
        "SenderDown",
        "2",
    ),
    Case("a missed scrape", {f'up{{{WHO},pod="a"}}': "1x20 0 1x20"}, "22m", "SenderDown"),
    Case("a pod that was replaced is forgotten", {f'up{{{WHO},pod="a"}}': "1x20 stale", **UP}, "40m", "SenderDown"),
    Case("another job is no sender", {'up{job="prometheus"}': "0x40", **UP}, "30m", "SenderDown"),
    Case("a lease without a sender", {}, "15m", "SenderNoData", ""),
    Case("a sender that vanished", {f'up{{{WHO},pod="a"}}': "1x20 stale"}, "40m", "SenderNoData", ""),
    Case(
        "a sender that is down is known: that is another alert", {f'up{{{WHO},pod="a"}}': "0x60"}, "40m", "SenderNoData"
    ),
    Case("a deploy that takes eight minutes", {f'up{{{WHO},pod="a"}}': "_x8 1x30"}, "9m", "SenderNoData"),
    Case(
        "another campaign's sender on this lane is none of this campaign",
        {'up{job="email_senders",campaign="other",lane="amber"}': "1x60"},
        "40m",
        "SenderNoData",
        "",
    ),
    Case("no data at all", {}, "1m", "Watchdog", "", labels={}),
]


def expected(case: Case) -> list[dict[str, Any]]:
    if case.value is None:
        return []
    rule = next(rule for rule in alerts.alert_rules() if rule["alert"] == case.alert)
    description = rule["annotations"]["description"]
    filled = re.sub(r"\{\{ \$value[^}]*\}\}", case.value, description)
    for name, value in case.labels.items():
        filled = filled.replace("{{ $labels." + name + " }}", value)
    annotations = {**rule["annotations"], "description": filled}
    return [{"exp_labels": {**case.labels, **rule["labels"]}, "exp_annotations": annotations}]


@pytest.fixture
def judge(tmp_path: Path) -> Callable[[Case], subprocess.CompletedProcess[str]]:
    leases = tmp_path / "leases.yaml"
    leases.write_text(documents.text(alerts.lease_rules_document(LEASES)))

    def run(case: Case) -> subprocess.CompletedProcess[str]:
        test = {
            "rule_files": [str(RULES_FILE), str(leases)],
            "evaluation_interval": "1m",
            # The leases are recorded first, as Prometheus reaches them at the latest one interval later.
            "group_eval_order": ["leases", "email_senders.recorded", "email_senders.alerts"],
            "tests": [
                {
                    "interval": "1m",
                    "input_series": [{"series": key, "values": values} for key, values in case.series.items()],
                    "alert_rule_test": [{"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected(case)}],
                }
            ],
        }
        path = tmp_path / "test.yaml"
        path.write_text(yaml.safe_dump(test))
        return subprocess.run([promtool(), "test", "rules", str(path)], text=True, capture_output=True)

    return run


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.why}")
def test_alert(case: Case, judge: Callable[[Case], subprocess.CompletedProcess[str]]) -> None:
    judged = judge(case)
    assert judged.returncode == 0, f"{case.why}\n{judged.stdout}{judged.stderr}"


def test_every_alert_is_seen_to_fire_and_to_be_silent() -> None:
    fires = {case.alert for case in CASES if case.value is not None}
    silent = {case.alert for case in CASES if case.value is None}
    names = {rule["alert"] for rule in alerts.alert_rules()}
    assert fires == names
    assert silent == names - {"Watchdog"}, "Watchdog is never silent"


def test_rules_pass_promtools_lint(tmp_path: Path) -> None:
    leases = tmp_path / "leases.yaml"
    leases.write_text(documents.text(alerts.lease_rules_document(LEASES)))
    checked = subprocess.run(
        [promtool(), "check", "rules", "--lint=all", "--lint-fatal", str(RULES_FILE), str(leases)],
        text=True,
        capture_output=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_lease_that_is_ending_expects_no_sender() -> None:
    ending = {"spring-sale": Lease(lane="amber", since=date(2026, 11, 2), state=LeaseState.ENDING)}
    assert alerts.lease_rules_document(ending)["groups"][0]["rules"] == []


@pytest.mark.parametrize("path", [RULES_FILE, DASHBOARD_FILE], ids=lambda path: path.name)
def test_committed_file_is_what_the_generator_makes(path: Path) -> None:
    assert path.read_text() == generated()[path], "run `python -m components.monitoring.generate`"


@pytest.mark.parametrize("rule", alerts.alert_rules(), ids=lambda rule: rule["alert"])
def test_alert_tells_a_person_what_to_do(rule: dict[str, Any]) -> None:
    assert re.fullmatch(r"([A-Z][a-z0-9]+)+", rule["alert"]), "alert names are CamelCase"
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    summary = rule["annotations"]["summary"]
    assert summary.endswith(".") and "{{" not in summary, "the summary is one plain sentence"
    assert rule["annotations"]["description"].endswith(".")
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^## (\w+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert anchor in {heading.lower() for heading in headings}, f"{file} has no heading for {rule['alert']}"


def test_runbook_has_no_heading_without_an_alert() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / alerts.RUNBOOK).read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in alerts.alert_rules()]
