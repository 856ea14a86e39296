"""Each program of `tests/programs` breaks its rule, judged without an engine; `make test` also runs them with one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from policies.rules import RULES
from tests.policies import world
from tests.policies.harness import campaign_stack, environment_stack, rule, violations
from tests.policies.recording import recorded
from tests.programs.cases import (
    CONFIG_CASES,
    POLICY_CONFIG_CASES,
    PROGRAM_CASES,
    PROGRAMS,
    SNAPSHOT_RULES,
    Config,
    Program,
)
from warmlane.config import check_campaign, parse_campaign, parse_environment, read_environment
from warmlane.errors import ConfigError

ROOT = PROGRAMS.parent.parent


def apply(case: Config, body: Any) -> None:
    """Makes a case's changes in the config of its file."""
    for path, value in case.changes.items():
        *above, last = path.split(".")
        place = body
        for key in above:
            place = place[key]
        place[last] = value


def changed(case: Config) -> Any:
    """The config of a case's file, with the case's changes."""
    config = yaml.safe_load((ROOT / case.file).read_text())["config"]
    body = config["warmlane:campaign" if case.file.startswith("campaigns/") else "warmlane:environment"]
    apply(case, body)
    return body


@pytest.mark.parametrize("program", PROGRAM_CASES, ids=lambda program: program.rule)
def test_a_program_breaks_its_rule(program: Program) -> None:
    found = violations(rule(program.rule), recorded("program", str(program.directory), program.stack))
    assert any(program.text in message for message in found), f"expected {program.text!r} in {found}"


@pytest.mark.parametrize(
    "arguments",
    [("environment", "dev"), ("environment", "prod"), ("campaign", "spring-sale.dev"), ("campaign", "receipts.prod")],
    ids=" ".join,
)
def test_warmlanes_own_programs_pass(arguments: tuple[str, str]) -> None:
    resources = recorded(*arguments)
    assert len(resources) > 10, "the program must have made its resources"
    assert {judging.name: violations(judging, resources) for judging in RULES} == {
        judging.name: [] for judging in RULES
    }


def test_every_rule_is_broken_by_a_program_a_config_or_a_snapshot() -> None:
    broken = [case.rule for case in (*PROGRAM_CASES, *POLICY_CONFIG_CASES)]
    assert {*broken, *SNAPSHOT_RULES} == {judging.name for judging in RULES}
    directories = {path.parent.name for path in PROGRAMS.glob("*/Pulumi.yaml")}
    assert directories == {program.rule for program in PROGRAM_CASES}


@pytest.mark.parametrize("case", CONFIG_CASES, ids=lambda case: case.title)
def test_a_config_is_refused(case: Config) -> None:
    with pytest.raises(ConfigError) as caught:
        if case.file.startswith("campaigns/"):
            campaign = parse_campaign(changed(case), case.file)
            check_campaign(campaign, case.stack, read_environment(ROOT, "dev"), case.file)
        else:
            parse_environment(changed(case), case.file)
    assert case.text in str(caught.value)


@pytest.mark.parametrize("case", POLICY_CONFIG_CASES, ids=lambda case: case.title)
def test_a_sound_config_is_refused_by_its_rule(case: Config) -> None:
    if case.file.startswith("campaigns/"):
        world.campaigns(spring_sale=lambda body: apply(case, body))
    else:
        world.environment(lambda body: apply(case, body))
    stack = campaign_stack() if "." in case.stack else environment_stack()
    if "." in case.stack:
        world.rewritten(stack)
    (message,) = violations(rule(case.rule), list(stack.values()))
    assert case.text in message
