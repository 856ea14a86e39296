"""Configurations that the models allow, and that no rule should refuse, are refused by none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy

import cli.render.stack
from tests.policies.configurations.configuration import ROOTS, configurations
from tests.policies.configurations.coverage import cases
from tests.policies.configurations.deck import Decks
from tests.policies.configurations.judged import alarms
from tests.policies.configurations.run import Reached, judged
from warmlane.base import Model

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEED = 1
ENOUGH = 32
"""Configurations that reach every case; the soak judges 1,000."""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return judged(SEED, ENOUGH, NOW, processes=1)


def test_no_rule_refuses_what_it_should_let_pass(found: dict[str, Any]) -> None:
    assert found["false_alarms"] == {}


def test_every_case_of_the_models_is_reached(found: dict[str, Any]) -> None:
    assert found["not_reached"] == []
    assert found["stacks"] > ENOUGH, "campaigns are judged as well"


def test_a_field_that_nobody_generates_is_missed() -> None:
    class Later(Model):
        mode: int | None = None

    assert cases([*ROOTS, Later]) - cases(ROOTS) == {"Later.mode: between", "Later.mode: given", "Later.mode: left out"}


def test_a_type_without_cases_is_refused() -> None:
    class Strange(Model):
        mode: bytes

    with pytest.raises(TypeError, match="say in .* what cases"):
        cases([Strange])


def test_another_seed_reaches_every_case_as_well() -> None:
    reached = Reached()
    for configuration in configurations(SEED + 1, ENOUGH, NOW):
        reached.add(configuration)
    assert reached.missing == []


def test_an_alarm_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refuses = ResourceValidationPolicy(
        name="refuses-all",
        description="Refuses everything.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=lambda _args, report: report("It is refused.", None),
    )
    monkeypatch.setattr(cli.render.stack, "RULES", [refuses])
    said = alarms(next(configurations(SEED, 1, NOW)), tmp_path, NOW)
    assert any("refuses-all" in one for one in said)


def test_decks_leave_no_option_out() -> None:
    decks = Decks(SEED)
    assert sorted(decks.deal("choice", [1, 2, 3]) for _ in range(6)) == [1, 1, 2, 2, 3, 3]
