"""The rule files as a whole: lint, drift, what an alert tells a person, and which metrics are asked for."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest
import yaml

from components.monitoring import alerts, documents
from components.monitoring.alert import RUNBOOK, Alert, duration
from components.monitoring.artifacts import DASHBOARD_FILES, RULES_FILE
from components.monitoring.generate import generated
from components.monitoring.inhibitions import INHIBITIONS
from components.monitoring.recordings import counting_rules, recording_rules, slow_rules
from tests.monitoring.exported import asked_for, exported
from tests.monitoring.judging import LEASES, promtool
from warmlane.environment import Lease, LeaseState

ROOT = Path(__file__).parents[2]
ALERTS = alerts.all_alerts()
ANY = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: f"{alert.name} {alert.severity}")


def sections() -> dict[str, str]:
    """The runbook's text by heading, in order."""
    _, *parts = re.split(r"^## (.+)$", (ROOT / RUNBOOK).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_rules_pass_promtools_lint(tmp_path: Path) -> None:
    environment = tmp_path / "environment.yaml"
    environment.write_text(documents.text(alerts.environment_rules_document(LEASES, 3600)))
    command = [promtool(), "check", "rules", "--lint=all", "--lint-fatal", str(RULES_FILE), str(environment)]
    checked = subprocess.run(command, text=True, capture_output=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_lease_that_is_ending_expects_no_sender() -> None:
    ending = {"spring-sale": Lease(lane="amber", since=date(2026, 11, 2), state=LeaseState.ENDING)}
    rules = alerts.environment_rules_document(ending, 240)["groups"][0]["rules"]
    assert rules == [{"record": "warmlane_day_length_seconds", "expr": "vector(240)"}]


@pytest.mark.parametrize("path", [RULES_FILE, *DASHBOARD_FILES.values()], ids=lambda path: path.name)
def test_committed_file_is_what_the_generator_makes(path: Path) -> None:
    assert path.read_text() == generated()[path], "run `python -m components.monitoring.generate`"


def test_no_other_file_lies_beside_the_generated_ones() -> None:
    lying = {path for folder in ("rules", "dashboards") for path in (RULES_FILE.parents[1] / folder).iterdir()}
    assert lying == set(generated())


@ANY
def test_alert_tells_a_person_what_to_do(alert: Alert) -> None:
    rule = alert.rule()
    assert re.fullmatch(r"([A-Z][a-z0-9]+)+", rule["alert"]), "alert names are CamelCase"
    assert rule["labels"] == {"severity": alert.severity}
    notes = rule["annotations"]
    assert notes["summary"].endswith(".") and "{{" not in notes["summary"], "the summary is one plain sentence"
    assert notes["description"].endswith(".")
    assert notes["runbook"] == f"docs/runbook.md#{alert.name.lower()}"


@ANY
def test_runbook_says_how_soon_it_is_told(alert: Alert) -> None:
    assert re.search(rf"\b(Told within|or) {alert.within}\b", sections()[alert.name]), alert.within
    assert alert.rule()["annotations"]["detection"].startswith(f"Told within {alert.within} of ")


@ANY
def test_detection_time_is_the_sum_of_its_parts(alert: Alert) -> None:
    document, config = alerts.rules_document(), documents.prometheus_config("dev")["global"]
    intervals = {
        rule["record"]: {"1m": 60, "5m": 300}[group["interval"]]
        for group in document["groups"]
        if "interval" in group
        for rule in group["rules"]
    }
    # Counts of the minute are read by longer windows' alerts too; the slowest recording decides. History is no event:
    # it is compared with.
    read = [
        seconds for name, seconds in intervals.items() if re.search(rf"(?<![\w:]){name}(?![\w:])", alert.expression)
    ]
    history = re.search(r":(median|mad)7d", alert.expression)
    slowest = 60 if history or (alert.severity == "critical" and "Budget" in alert.name) else max(read, default=0)
    wait = alerts_wait(alert)
    assert config["scrape_interval"] == config["evaluation_interval"] == "15s"
    assert documents.alertmanager_config()["route"]["group_wait"] == "30s"
    assert alert.within == duration(15 + slowest + 15 + wait + 30)


def alerts_wait(alert: Alert) -> int:
    """`for` of the committed rule, in seconds."""
    rules = [rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"] for rule in group["rules"]]
    found = next(
        rule["for"]
        for rule in rules
        if rule.get("alert") == alert.name and rule["labels"]["severity"] == alert.severity
    )
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(int(value) * units[unit] for value, unit in re.findall(r"(\d+)([hms])", found))


def test_runbook_has_the_alerts_as_headings_in_order() -> None:
    assert list(sections()) == list(dict.fromkeys(alert.name for alert in ALERTS))


def test_inhibition_names_alerts_that_exist() -> None:
    named = {name for causes, explained, _ in INHIBITIONS for name in (*causes, *explained)}
    assert named <= {alert.name for alert in ALERTS}


@pytest.mark.parametrize(
    "expression",
    [rule["expr"] for rule in recording_rules()] + [alert.expression for alert in ALERTS],
)
def test_every_metric_that_is_asked_for_exists(expression: str) -> None:
    assert asked_for(expression) <= exported(), "the gate or a recording rule must export it"


@pytest.mark.parametrize("rules", [counting_rules(), slow_rules()], ids=["each minute", "slow"])
def test_a_recording_is_made_once_and_before_it_is_read(rules: list[dict[str, str]]) -> None:
    names = [rule["record"] for rule in rules]
    assert len(set(names)) == len(names)
    for place, rule in enumerate(rules):
        # What a rule reads of its own earlier value, it reads over a range.
        later = {name for name in names[place:] if re.search(rf"(?<![\w:]){name}(?![\w:\[])", rule["expr"])}
        assert not later, f"{rule['record']} reads {later}, which is recorded after it"
