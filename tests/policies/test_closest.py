"""Every rule passes what one value makes it refuse: its near miss is near, and it is known where it says no."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest

from policies import committed
from policies.rules import RULES
from tests.policies import world
from tests.policies.closest import CLOSEST, Close, Stack
from tests.policies.harness import rule, violations


def test_every_rule_has_a_near_miss_that_is_near() -> None:
    missing = {one.name for one in RULES} - {close.rule for close in CLOSEST}
    assert missing == set(), "add to tests/policies/closest.py a change that passes, and the one value that is refused"


@pytest.mark.parametrize("close", CLOSEST, ids=lambda close: close.rule)
def test_one_value_lies_between_passing_and_refusal(close: Close) -> None:
    judging, facts, found = rule(close.rule), list[tuple[Any, Any]](), list[list[str]]()
    before = {name: getattr(committed, name) for name in world.REPLACED}
    for value in (close.near, close.refused):
        world.replace(**before)
        stack = close.build()
        close.change(value)(stack)
        found.append(violations(judging, list(stack.values())))
        facts.append((declared(stack), written()))
    (near, near_world), (refused, refused_world) = facts
    assert found[0] == [], "the near miss passes"
    assert found[1], "one value more, and it is refused"
    # What is committed is planned anew where it changes, so that one value there may be several in the stack.
    changed = list(differences(near_world, refused_world)) or list(differences(near, refused))
    assert len(changed) == 1, f"more than one value differs: {changed}"


def written() -> Any:
    """What rules find committed in `dev`."""
    found = (committed.environment(world.DEV), *committed.campaigns(world.DEV).values())
    last = committed.snapshot(world.DEV, "policies/snapshots/dev.json")
    return [one.model_dump(mode="json") for one in (*found, *([last] if last else []))]


def declared(stack: Stack) -> Any:
    """What a stack declares, with its edges."""
    names = {item.urn: name for name, item in stack.items()}
    return {
        name: {
            "type": item.type,
            "props": item.props,
            "protect": item.protect,
            "ignored": item.ignored,
            "waits for": {names[other.urn]: True for other in item.depends_on},
            "made from": {
                key: sorted(names[other.urn] for other in others) for key, others in item.property_dependencies.items()
            },
        }
        for name, item in stack.items()
    }


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Paths of values that differ; one that only one side has counts once. JSON in a text is looked into."""
    one, other = parsed(one), parsed(other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in {**one, **other}:
            if key in one and key in other:
                yield from differences(one[key], other[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(one, list) and isinstance(other, list):
        if abs(len(one) - len(other)) > 1:
            yield f"{path} has {len(one)} and {len(other)} entries"
        for index, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from differences(left, right, f"{path}[{index}]")
        if abs(len(one) - len(other)) == 1:
            yield f"{path}[{min(len(one), len(other))}]"
    elif one != other:
        yield path


def parsed(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("{", "[")):
        with suppress(ValueError):
            return json.loads(value)
    return value
