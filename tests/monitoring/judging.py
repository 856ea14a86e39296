"""Alerts on made-up series, judged by promtool."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from components.monitoring import alerts, documents
from components.monitoring.alert import Alert
from components.monitoring.artifacts import RULES_FILE
from warmlane.environment import Lease
from warmlane.feedback.confidence import Z95, wilson

LEASES = {"spring-sale": Lease(lane="amber", since=date(2026, 11, 2))}
LANE = {"campaign": "spring-sale", "lane": "amber"}

FIRES, QUIET, LITTLE, NOTHING, RESET = "fires", "must not fire", "low volume", "no data", "counter reset"


def promtool() -> str:
    found = shutil.which("promtool")
    assert found, "promtool is needed: apt-get install prometheus"
    return found


def who(campaign: str = "spring-sale", lane: str = "amber", pod: str = "a") -> str:
    return f'job="email_senders",campaign="{campaign}",lane="{lane}",pod="{pod}"'


def sample(metric: str, values: str, where: str = "", **sender: str) -> dict[str, str]:
    """One series of a sender, in promtool's notation."""
    return {f"{metric}{{{who(**sender)}{',' if where else ''}{where}}}": values}


def deliveries(outcome: str, values: str, provider: str = "other", **sender: str) -> dict[str, str]:
    return sample("sender_deliveries_total", values, f'outcome="{outcome}",provider="{provider}"', **sender)


def mail(delivered: str, bounced: str = "0x700", deferred: str = "0x700", **sender: str) -> dict[str, str]:
    """A sender's deliveries by outcome, at one provider."""
    by_outcome = {"delivered": delivered, "bounced": bounced, "deferred": deferred}
    return {
        key: text
        for outcome, values in by_outcome.items()
        for key, text in deliveries(outcome, values, **sender).items()
    }


def lower(events: int, mail: int, z: float = Z95) -> str:
    """A lower bound as `humanizePercentage` writes it, by Python."""
    return f"{wilson(events, mail, z)[0] * 100:.4g}%"


@dataclass(frozen=True)
class Told:
    """An alert that must fire: its severity, the value in its description, and its labels."""

    value: str = ""
    severity: str = "warning"
    labels: tuple[tuple[str, str], ...] = tuple(LANE.items())


def told(value: str = "", severity: str = "warning", **labels: str) -> tuple[Told, ...]:
    """An alert of the one campaign, with further labels."""
    return (Told(value, severity, tuple({**LANE, **labels}.items())),)


@dataclass(frozen=True)
class Case:
    """Series at steps of a minute (or `step`), and the alerts named `alert` that fire at `at`: all of them."""

    alert: str
    kind: str
    why: str
    series: dict[str, str]
    at: str
    told: tuple[Told, ...] = ()
    step: str = "1m"


def _expected(case: Case, told: Told) -> dict[str, Any]:
    alert: Alert = next(
        alert for alert in alerts.all_alerts() if (alert.name, alert.severity.value) == (case.alert, told.severity)
    )
    rule, labels = alert.rule(), dict(told.labels)
    description = re.sub(r"\{\{ \$value[^}]*\}\}", told.value, rule["annotations"]["description"])
    for name, value in labels.items():
        description = description.replace("{{ $labels." + name + " }}", value)
    annotations = {**rule["annotations"], "description": description}
    return {"exp_labels": {**labels, **rule["labels"]}, "exp_annotations": annotations}


def needed(alert: str) -> dict[str, Any]:
    """The committed rules that an alert needs, in their order: all of them would take minutes for a week's series."""
    groups = yaml.safe_load(RULES_FILE.read_text())["groups"]
    kept = {alert}
    texts = {
        str(rule.get("record", rule.get("alert"))): str(rule["expr"]) for group in groups for rule in group["rules"]
    }
    wanted = " ".join(rule["expr"] for group in groups for rule in group["rules"] if rule.get("alert") == alert)
    while True:
        more = {name for name in texts if name not in kept and re.search(rf"(?<![\w:]){name}(?![\w:])", wanted)}
        if not more:
            break
        kept |= more
        wanted = " ".join(texts[name] for name in more)
    for group in groups:
        group["rules"] = [rule for rule in group["rules"] if rule.get("record", rule.get("alert")) in kept]
    return {"groups": [group for group in groups if group["rules"]]}


def judged(case: Case, folder: Path, day_length: int = 86_400) -> subprocess.CompletedProcess[str]:
    """What promtool says about a case."""
    environment = folder / "environment.yaml"
    environment.write_text(documents.text(alerts.environment_rules_document(LEASES, day_length)))
    rules = folder / "rules.yaml"
    rules.write_text(yaml.safe_dump(needed(case.alert)))
    test = {
        "rule_files": [str(rules), str(environment)],
        "evaluation_interval": case.step,
        # The environment's first, as Prometheus reaches them at the latest one interval later.
        "group_eval_order": [
            "environment",
            "email_senders.counted",
            "email_senders.history",
            "email_senders.alerts",
        ],
        "tests": [
            {
                "interval": case.step,
                "input_series": [{"series": key, "values": values} for key, values in case.series.items()],
                "alert_rule_test": [
                    {
                        "eval_time": case.at,
                        "alertname": case.alert,
                        "exp_alerts": [_expected(case, told) for told in case.told],
                    }
                ],
            }
        ],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(test))
    return subprocess.run([promtool(), "test", "rules", str(path)], text=True, capture_output=True)
