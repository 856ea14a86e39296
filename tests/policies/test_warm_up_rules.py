"""Rules on warm-up and leases: what is close to a refusal and passes, and what holds on every day to come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies import committed
from policies.rule import Rule
from policies.rules import RULES
from tests.policies import world
from tests.policies.harness import Declared, campaign_stack, environment_stack, rule, violations
from tests.policies.hold_mutants import HOLD_ENVIRONMENT_NEAR_MISSES, HOLD_MUTANTS, HOLD_NEAR_MISSES
from tests.policies.lease_mutants import LEASE_MUTANTS, LEASE_NEAR_MISSES, new_lanes
from tests.policies.warm_up_mutants import WARM_UP_MUTANTS
from tests.policies.warm_up_near_misses import WARM_UP_NEAR_MISSES
from warmlane.snapshot import load_snapshot

Stack = dict[str, Declared]

NEAR_MISSES = [
    *[(environment_stack, *case) for case in [*HOLD_ENVIRONMENT_NEAR_MISSES, *LEASE_NEAR_MISSES]],
    *[(campaign_stack, *case) for case in [*HOLD_NEAR_MISSES, *WARM_UP_NEAR_MISSES]],
]
OURS = {mutant[0] for mutant in [*HOLD_MUTANTS, *LEASE_MUTANTS, *WARM_UP_MUTANTS]}


@pytest.mark.parametrize(
    ("build", "name", "change"),
    [(build, name, change) for build, name, _, change in NEAR_MISSES],
    ids=[f"{name}-{title}" for _, name, title, _ in NEAR_MISSES],
)
def test_a_near_miss_passes(build: Callable[[], Stack], name: str, change: Callable[[Stack], object]) -> None:
    stack = build()
    change(stack)
    assert violations(rule(name), list(stack.values())) == []


def test_every_rule_has_a_near_miss() -> None:
    assert {name for _, name, _, _ in NEAR_MISSES} == OURS


@pytest.mark.parametrize("judging", [one for one in RULES if one.name in OURS], ids=lambda judging: judging.name)
@pytest.mark.parametrize("year", [2027, 2035])
def test_what_is_shipped_passes_in_years_to_come(judging: Rule, year: int) -> None:
    world.clock(datetime(year, 3, 1, tzinfo=UTC))
    for stack in (campaign_stack(), campaign_stack("newsletter"), campaign_stack("receipts", "prod")):
        assert violations(judging, list(stack.values())) == []
    for name in ("dev", "prod"):
        assert violations(judging, list(environment_stack(name).values())) == []


def test_the_packs_config_says_how_many_lanes_are_too_many() -> None:
    stack, judging = list(environment_stack().values()), rule("new-lanes-a-week")
    world.environment(new_lanes(6, "2026-11-24"))
    assert violations(judging, stack, {"most": 6}) == []
    world.environment(new_lanes(2, "2026-11-24"))
    (message,) = violations(judging, stack, {"most": 1})
    assert "at most 1 may" in message
    (refused,) = set(violations(judging, stack, {"most": 0}))
    assert "new-lanes-a-week" in refused and "most" in refused


def test_the_packs_config_says_how_short_a_labs_day_may_be() -> None:
    world.environment(lambda body: body.update(day_length=240))
    stack, judging = campaign_stack(), rule("day-length-shipped")
    world.rewritten(stack)
    planned = list(stack.values())
    assert violations(judging, planned, {"shortest": 240}) == []
    (message,) = violations(judging, planned, {"shortest": 480})
    assert "allows 480 s or more" in message
    (refused,) = set(violations(judging, planned, {"shortest": 1}))
    assert "day-length-shipped" in refused and "shortest" in refused


def test_a_snapshot_that_is_not_sound_is_a_violation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "policies/snapshots").mkdir(parents=True)
    (tmp_path / "policies/snapshots/dev.json").write_text('{"environment": "dev"}')
    monkeypatch.setattr(committed, "snapshot", lambda _stack, file: load_snapshot(tmp_path, file))
    found = violations(rule("new-lease-known"), list(environment_stack().values()))
    assert any("policies/snapshots/dev.json" in message and "taken" in message for message in found)
