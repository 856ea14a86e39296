"""Recorded counts against what happened, confidence bounds against Python, and the sending day, all by promtool."""

from __future__ import annotations

import math
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.monitoring import alerts, documents
from components.monitoring.artifacts import RULES_FILE
from components.monitoring.promql import wilson_lower, wilson_upper
from components.monitoring.recordings import (
    DELIVERED_TODAY,
    DELIVERED_YESTERDAY,
    LIMIT_TODAY,
    STEP,
    count,
)
from tests.monitoring.judging import LEASES, deliveries, mail, promtool, sample
from warmlane.feedback.confidence import Z95, Z99, wilson

SEED = 20_261_124
PAIRS = 1_000
MINUTES = 400


def queried(
    folder: Path, series: dict[str, str], wanted: dict[str, tuple[str, float | None]], day_length: int = 86_400
) -> None:
    """Asserts that each expression has its one value (None: no sample) at the time before it, such as `90m`."""
    environment = folder / "environment.yaml"
    environment.write_text(documents.text(alerts.environment_rules_document(LEASES, day_length)))
    rules = yaml.safe_load(RULES_FILE.read_text())
    rules["groups"] = [group for group in rules["groups"] if group["name"] == "email_senders.counted"]
    counted = folder / "counted.yaml"
    counted.write_text(yaml.safe_dump(rules))
    checks: list[dict[str, Any]] = [
        {
            "expr": expression,
            "eval_time": at.partition(" ")[0],
            "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
        }
        for at, (expression, value) in wanted.items()
    ]
    test = {
        "rule_files": [str(environment), str(counted)],
        "evaluation_interval": "1m",
        "group_eval_order": ["environment", "email_senders.counted"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": key, "values": values} for key, values in series.items()],
                "promql_expr_test": checks,
            }
        ],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(test))
    result = subprocess.run([promtool(), "test", "rules", str(path)], text=True, capture_output=True)
    assert result.returncode == 0, result.stdout + result.stderr


def pairs() -> list[tuple[int, int]]:
    """Events and mail, from one message to millions, with the corners among them."""
    chance = random.Random(SEED)
    found = [(0, 1), (1, 1), (0, 5_000_000), (5_000_000, 5_000_000), (1, 5_000_000)]
    while len(found) < PAIRS:
        total = int(math.exp(chance.uniform(0, math.log(5_000_000))))
        found.append((chance.randint(0, total) if chance.random() < 0.3 else int(total * chance.random() ** 4), total))
    return found


@pytest.mark.parametrize("z", [Z95, Z99])
@pytest.mark.parametrize(("side", "expression"), [(0, wilson_lower), (1, wilson_upper)], ids=["lower", "upper"])
def test_bounds_in_promql_are_those_of_python(tmp_path: Path, z: float, side: int, expression: Any) -> None:
    series = dict[str, str]()
    for number, (events, total) in enumerate(pairs()):
        series[f'events{{pair="{number}"}}'] = str(events)
        series[f'mail{{pair="{number}"}}'] = str(total)
        series[f'python{{pair="{number}"}}'] = repr(wilson(events, total, z)[side])
    apart = f"abs({expression('events', 'mail', z)} - python)"
    queried(
        tmp_path,
        series,
        {"0m same": (f"count({apart} <= 1e-9)", float(PAIRS)), "0m apart": (f"{apart} > 1e-9", None)},
    )


def test_no_mail_has_no_bound(tmp_path: Path) -> None:
    queried(tmp_path, {"events": "0", "mail": "0"}, {"0m": (f"{wilson_lower('events', 'mail', Z95)} > -1", None)})


def walk(chance: random.Random) -> tuple[str, int]:
    """A counter with resets and gaps of up to ten minutes, and what it counted after its first sample."""
    values, value, seen, counted, gap = list[str](), 0, None, 0, 0
    for _ in range(MINUTES):
        if gap:
            gap -= 1
        elif chance.random() < 0.02:
            gap = chance.randint(1, 10)
        if chance.random() < 0.02:
            value = 0
        value += chance.choice([0, 0, 1, 3, 40])
        if gap and seen is not None:
            values.append("_")
            continue
        if seen is not None:
            counted += value - seen if value >= seen else value
        seen = value
        values.append(str(value))
    values.append(str(value))
    assert seen is not None
    counted += value - seen
    return " ".join(values), counted


@pytest.mark.parametrize("number", range(8))
def test_counts_are_what_happened_with_resets_and_gaps(tmp_path: Path, number: int) -> None:
    chance = random.Random(SEED + number)
    series, total = dict[str, str](), 0
    for pod in ("a", "b", "c"):
        values, counted = walk(chance)
        series |= deliveries("delivered", values, pod=pod)
        total += counted
    queried(tmp_path, series, {f"{MINUTES}m": (f"sum(sum_over_time({STEP}[1d]))", float(total))})


def test_a_pod_that_has_gone_still_counts(tmp_path: Path) -> None:
    series = {**deliveries("bounced", "0+1x20 stale"), **deliveries("bounced", "_x20 0+1x60", pod="b")}
    queried(tmp_path, series, {"50m": (f"sum({count('bounces', '1h')})", 20.0 + 30.0)})


def test_what_was_counted_long_before_is_no_event(tmp_path: Path) -> None:
    series = mail("1000+1x10 _x30 5000+1x40")
    queried(
        tmp_path,
        series,
        {
            "10m": (f"sum({count('final', '1h')})", 10.0),
            "60m after half an hour unseen": (f"sum(sum_over_time({STEP}[1d]))", 10.0 + 19.0),
        },
    )


def test_two_bounces_are_two(tmp_path: Path) -> None:
    """Where `increase()` makes a fraction of them."""
    queried(
        tmp_path,
        mail("0x60", "0x30 1x1 2x40"),
        {
            "50m": (f"sum({count('bounces', '1h')})", 2.0),
            "50m at providers": (f"sum({count('bounces', '1h', 'campaign_lane_provider')})", 2.0),
        },
    )


def test_a_sending_day_begins_anew(tmp_path: Path) -> None:
    """Days of an hour: 90 messages in the first, 20 in the second; the limit is throttled in the second."""
    series = {
        **deliveries("delivered", "0+3x30 90x30 90x10 110x200"),
        **sample("sender_limit_messages", "100x59 150x30 30x10 0x100"),
    }
    queried(
        tmp_path,
        series,
        {
            "50m": (f"sum({DELIVERED_TODAY})", 90.0),
            "60m the last minute belongs to the old day": (f"sum({DELIVERED_TODAY})", 90.0),
            "65m": (f"sum({DELIVERED_TODAY})", 0.0),
            "65m limit": (f"sum({LIMIT_TODAY})", 150.0),
            "65m yesterday": (f"sum({DELIVERED_YESTERDAY})", 90.0),
            "110m": (f"sum({DELIVERED_TODAY})", 20.0),
            "110m throttled and closed": (f"sum({LIMIT_TODAY})", 150.0),
            "110m yesterday": (f"sum({DELIVERED_YESTERDAY})", 90.0),
            "130m": (f"sum({DELIVERED_YESTERDAY})", 20.0),
            "130m no limit on the third day": (f"sum({LIMIT_TODAY})", 0.0),
        },
        day_length=3600,
    )


def test_a_sender_that_is_silent_as_the_day_turns_begins_anew_too(tmp_path: Path) -> None:
    series = {
        **deliveries("delivered", "0+3x30 90x20 _x20 110x200"),
        **sample("sender_limit_messages", "100x50 _x20 100x200"),
    }
    wanted = {"50m": (f"sum({DELIVERED_TODAY})", 90.0), "90m": (f"sum({DELIVERED_TODAY})", 0.0)}
    queried(tmp_path, series, wanted, day_length=3600)


def test_a_retired_campaign_is_forgotten(tmp_path: Path) -> None:
    who = {"campaign": "retired", "lane": "birch"}
    sender = 'job="email_senders",campaign="retired",lane="birch"'
    series = {**deliveries("delivered", "0+3x30 stale", **who), f"up{{{sender}}}": "1x30 stale"}
    wanted = {"29m": (f"sum({DELIVERED_TODAY})", 87.0), "40m": (f"sum({DELIVERED_TODAY})", None)}
    queried(tmp_path, series, wanted)
