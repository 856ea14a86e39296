"""A healthy month: 50 messages a day, ordinary bounces and greylisting, weekly restarts, and not one alert."""

from __future__ import annotations

import random
import subprocess
from itertools import accumulate
from pathlib import Path

import yaml

from components.monitoring import alerts, documents
from components.monitoring.artifacts import RULES_FILE
from services.sender.gate.identity import State
from tests.monitoring.judging import LEASES, deliveries, promtool, sample, who

DAYS, STEP_MINUTES = 30, 10
A_DAY = 24 * 60 // STEP_MINUTES
TICKS = DAYS * A_DAY
MESSAGES, BOUNCES, GREYLISTED = 50, 0.02, 0.1
"""Messages a day, and the parts of them that bounce and that are put off once."""


def text(values: list[int]) -> str:
    """Counts of each step as a counter that begins anew each week, in promtool's notation."""
    week = 7 * A_DAY
    return " ".join(str(total) for start in range(0, TICKS, week) for total in accumulate(values[start : start + week]))


def month() -> dict[str, str]:
    """The series of one sender with one pod."""
    chance = random.Random(7)
    counted = {outcome: [0] * TICKS for outcome in ("delivered", "bounced", "deferred")}
    for day in range(DAYS):
        for _ in range(MESSAGES):
            # Two bursts a day, as campaigns are sent.
            tick = day * A_DAY + chance.choice((8 * 6, 15 * 6)) + chance.randint(0, 5)
            counted["bounced" if chance.random() < BOUNCES else "delivered"][tick] += 1
            counted["deferred"][tick] += chance.random() < GREYLISTED
    steady = f"x{TICKS}"
    states = {
        state: sample("sender_identity", f"{int(state is State.PROVEN)}{steady}", f'state="{state}"') for state in State
    }
    decisions = [sum(of_tick) for of_tick in zip(*counted.values(), strict=True)]
    return {
        **{key: line for outcome, values in counted.items() for key, line in deliveries(outcome, text(values)).items()},
        **{key: line for series in states.values() for key, line in series.items()},
        f"up{{{who()}}}": f"1{steady}",
        **sample("sender_limit_messages", f"{MESSAGES}{steady}"),
        **sample("sender_closed", f"0{steady}", 'reason="store"'),
        **sample("sender_waiting_messages", f"20{steady}", 'provider="other"'),
        **sample("sender_queue_messages", f"20{steady}", 'queue="deferred"'),
        **sample("sender_queue_files_unreadable", f"0{steady}"),
        **sample("sender_log_lines_unparsed_total", f"0{steady}"),
        **sample("sender_messages_withdrawn_total", f"0{steady}", 'reason="expired"'),
        **sample("sender_admission_seconds_bucket", text(decisions), 'le="0.01"'),
        **sample("sender_admission_seconds_bucket", text(decisions), 'le="+Inf"'),
        **sample("sender_admission_seconds_count", text(decisions)),
    }


def test_a_healthy_month_has_no_alert(tmp_path: Path) -> None:
    environment = tmp_path / "environment.yaml"
    environment.write_text(documents.text(alerts.environment_rules_document(LEASES)))
    groups = yaml.safe_load(RULES_FILE.read_text())["groups"]
    end = f"{DAYS * 24 - 1}h"
    test = {
        "rule_files": [str(environment), str(RULES_FILE)],
        "evaluation_interval": f"{STEP_MINUTES}m",
        "group_eval_order": ["environment", *(group["name"] for group in groups)],
        "tests": [
            {
                "interval": f"{STEP_MINUTES}m",
                "input_series": [{"series": key, "values": values} for key, values in month().items()],
                "promql_expr_test": [
                    {
                        "expr": f'count_over_time(ALERTS{{alertstate="firing",alertname!="Watchdog"}}[{DAYS}d])',
                        "eval_time": end,
                        "exp_samples": [],
                    },
                    {
                        "expr": f'count(count_over_time(ALERTS{{alertname="Watchdog"}}[{DAYS}d]))',
                        "eval_time": end,
                        "exp_samples": [{"labels": "{}", "value": 1}],
                    },
                ],
            }
        ],
    }
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump(test))
    result = subprocess.run([promtool(), "test", "rules", str(path)], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr
