"""What holds for every rule: it passes what is shipped, refuses mutants, and says what it cannot decide."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel

import policies.rules
from policies.frameworks import ITEMS
from policies.inputs import EACH, Input, When
from policies.resource import Resource
from policies.rule import Rule
from policies.rules import RULES
from tests.policies.declared import UNKNOWN, Declared
from tests.policies.harness import rule, violations
from tests.policies.mutants import MUTANTS, SHIPPED, Build, Mutant
from tests.policies.samples import SAMPLES

NAMES = Path(__file__).parent / "rules.txt"
"""The names of all rules, one a line."""
FEWEST_MUTANTS = 3
BY_TYPE_ALONE = ("no-unseen-objects", "options-known")
"""Rules that look at no property."""

PLANNED = [(judging, one) for judging in RULES for one in judging.about.inputs if one.when is When.PLAN]


def label(value: object) -> str:
    return str(getattr(value, "name", value))


def test_the_rules_are_those_that_are_listed() -> None:
    """A rule whose file is deleted, or that nobody serves, is missed here."""
    listed = NAMES.read_text().split()
    directory = Path(policies.rules.__path__[0])
    assert listed == sorted(set(listed))
    assert [judging.name for judging in RULES] == listed, "policies/rules/__init__.py serves the listed rules, in order"
    files = {path.stem.replace("_", "-") for path in directory.glob("*.py")} - {"--init--"}
    assert files == set(listed), "each rule has a file of its own, named as it is"


@pytest.mark.parametrize("judging", RULES, ids=label)
@pytest.mark.parametrize("stack", SHIPPED)
def test_what_warmlane_makes_passes(stack: str, judging: Rule) -> None:
    assert violations(judging, list(SHIPPED[stack]().values())) == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}-{mutant.title}")
def test_a_mutant_is_refused(mutant: Mutant) -> None:
    stack = mutant.build()
    mutant.change(stack)
    found = violations(rule(mutant.rule), list(stack.values()))
    assert any(mutant.text in message for message in found), f"expected {mutant.text!r} in {found}"
    for message in found:
        assert message[0].isupper() and message.endswith("."), f"a message is whole sentences: {message}"


def test_every_rule_has_several_mutants() -> None:
    titles = Counter(name for name, _ in {(mutant.rule, mutant.title) for mutant in MUTANTS})
    few = {judging.name: titles[judging.name] for judging in RULES if titles[judging.name] < FEWEST_MUTANTS}
    assert few == {}, f"each rule is refused in at least {FEWEST_MUTANTS} different ways"


def matching(one: Input) -> list[tuple[Build, str]]:
    """Stacks, and the resource in each, that an input belongs to."""
    found = list[tuple[Build, str]]()
    for build in [*SHIPPED.values(), *SAMPLES]:
        for key, item in build().items():
            if one.scope.contains(as_resource(item)):
                found.append((build, key))
                break
    return found


def as_resource(item: Declared) -> Resource:
    return Resource(item.urn, item.type, item.name, item.props, item.protect)


def make_unknown(item: Declared, one: Input) -> None:
    """Lets the value at an input's path be unknown; what is missing on the way is made."""
    place: Any = item.props
    path = (*one.scope.root(as_resource(item)), *one.path)
    for key, following in zip(path, path[1:], strict=False):
        if key == EACH:
            place = place[0]
            continue
        if key not in place or not place[key]:
            place[key] = [{}] if following == EACH else {}
        place = place[key]
    place[0 if path[-1] == EACH else path[-1]] = UNKNOWN


@pytest.mark.parametrize(("judging", "one"), PLANNED, ids=label)
def test_an_unknown_input_of_the_plan_is_a_violation(judging: Rule, one: Input) -> None:
    cases = matching(one)
    assert cases, f"no stack has what {judging.name} is decided from: {one}"
    for build, key in cases:
        stack = build()
        make_unknown(stack[key], one)
        found = violations(judging, list(stack.values()))
        wanted = f"{judging.about.display_name} cannot be decided from "
        assert any(wanted in message for message in found), f"{one} of {key}: {found}"


@pytest.mark.parametrize("judging", RULES, ids=label)
def test_every_rule_tells_all_about_itself(judging: Rule) -> None:
    assert judging.enforcement_level is EnforcementLevel.MANDATORY, "a rule without a level is advice"
    about = judging.about
    assert about.display_name and about.severity
    for text in (about.description, about.why, about.remediation):
        assert text.endswith("."), f"{about.name} says in sentences what, why and what to do: {text!r}"
    assert about.inputs or about.name in BY_TYPE_ALONE, "a rule names what it is decided from"
    assert judging.url == f"docs/policies.md#{judging.name}"


def test_what_is_answered_is_answered_by_a_rule() -> None:
    assert set(ITEMS) <= {judging.name for judging in RULES}
    assert all(judging.framework is not None for judging in RULES if judging.name in ITEMS)


LATER = [(judging, one) for judging in RULES for one in judging.about.inputs if one.when is When.AFTER_CREATION]


@pytest.mark.parametrize(("judging", "one"), LATER, ids=label)
def test_an_input_that_exists_after_creation_may_be_unknown(judging: Rule, one: Input) -> None:
    """In a preview the edges decide; the shipped stacks have them."""
    for build in SHIPPED.values():
        stack = build()
        for item in stack.values():
            if one.scope.contains(as_resource(item)):
                make_unknown(item, one)
        assert not any("cannot be decided from " in message for message in violations(judging, list(stack.values())))
