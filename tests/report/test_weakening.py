"""What of the pack's config a report calls weaker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.report.markdown import comment, verdict
from cli.report.sides import Side, Stack
from cli.report.weakening import Weakening, settings, weakenings
from policies.known import SnapshotConfig
from policies.rules import RULES

READ_A_SNAPSHOT = tuple(rule.name for rule in RULES if rule.config and "snapshot" in rule.config.model_fields)


def side(tmp_path: Path, **configs: Any) -> Side:
    """A side with these files of the pack's config, and a stack that passed."""
    directory = tmp_path / "policies/config"
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in configs.items():
        (directory / f"{name}.json").write_text(json.dumps(document))
    stack = Stack("dev", "warmlane", {}, passed=tuple(rule.name for rule in RULES))
    return Side({"dev": stack}, {"dev": settings(tmp_path, "dev")})


def found(tmp_path: Path, before: Any, after: Any) -> list[Weakening]:
    sides = [side(tmp_path / str(index), dev=given) for index, given in enumerate((before, after))]
    return weakenings(sides[0].settings, sides[1].settings)


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [
        ({}, {"new-lanes-a-week": {"most": 20}}, ("most", 5, 20)),
        ({"new-lanes-a-week": {"most": 2}}, {}, ("most", 2, 5)),
        ({}, {"new-lanes-a-week": "disabled"}, ("enforcementLevel", "mandatory", "disabled")),
        (
            {"new-lanes-a-week": "advisory"},
            {"new-lanes-a-week": "disabled"},
            ("enforcementLevel", "advisory", "disabled"),
        ),
        (
            {"all": "advisory", "new-lanes-a-week": "mandatory"},
            {"all": "advisory"},
            ("enforcementLevel", "mandatory", "advisory"),
        ),
    ],
)
def test_a_rule_is_weakened_from_and_to(tmp_path: Path, before: Any, after: Any, weaker: tuple[Any, ...]) -> None:
    assert found(tmp_path, before, after) == [Weakening("dev", ("new-lanes-a-week",), *weaker)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"new-lanes-a-week": {"most": 4}}),
        ({"new-lanes-a-week": {"most": 20}}, {"new-lanes-a-week": {"most": 20}}),
        ({"new-lanes-a-week": "advisory"}, {"new-lanes-a-week": "remediate"}),
        ({"no-wide-allow": "advisory"}, {"all": "mandatory"}),
    ],
)
def test_stricter_and_alike_are_no_weakening(tmp_path: Path, before: Any, after: Any) -> None:
    assert found(tmp_path, before, after) == []


def test_a_shorter_day_is_weaker_and_a_longer_one_is_not(tmp_path: Path) -> None:
    given = {"day-length-shipped": {"shortest": 240}}
    assert found(tmp_path / "a", {}, given) == [Weakening("dev", ("day-length-shipped",), "shortest", 86_400, 240)]
    assert found(tmp_path / "b", given, {}) == []


def test_another_snapshot_weakens_every_rule_that_reads_it(tmp_path: Path) -> None:
    """It may know of no hold and no incident."""
    default = SnapshotConfig.model_fields["snapshot"].default
    assert found(tmp_path, {}, {"all": {"snapshot": "x.json"}}) == [
        Weakening("dev", READ_A_SNAPSHOT, "snapshot", default, "x.json")
    ]


def test_an_environment_without_a_config_is_told_what_prod_is(tmp_path: Path) -> None:
    assert side(tmp_path, prod={"new-lanes-a-week": {"most": 9}}).settings["dev"]["new-lanes-a-week"]["most"] == 9


def test_the_first_line_and_the_table_tell_it_whether_allowed_or_refused(tmp_path: Path) -> None:
    base, head = side(tmp_path / "a", dev={}), side(tmp_path / "b", dev={"new-lanes-a-week": {"most": 20}})
    told = "1 rule is weakened (`new-lanes-a-week` in `dev`: most from 5 to 20)."
    assert verdict(base, head).startswith("**Allowed**") and told in verdict(base, head)
    assert "| `new-lanes-a-week` | `dev` | `most` | 5 | 20 |" in comment(base, head)
    refused = Side({"dev": Stack("dev", "warmlane", {}, error="no")}, head.settings)
    assert verdict(base, refused).startswith("**Refused**") and told in verdict(base, refused)
