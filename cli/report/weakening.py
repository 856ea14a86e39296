"""Rules that a change weakens by the pack's config: a lower level, or a property that lets more through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel

from cli.report.words import code, safe, some
from policies import pack
from policies.about import Looser
from policies.rule import Rule
from policies.rules import RULES

Settings = Mapping[str, Mapping[str, Any]]
"""By rule, its level under `enforcementLevel` and its properties as they hold, defaults included."""

RANKS = {EnforcementLevel.DISABLED.value: 0, EnforcementLevel.ADVISORY.value: 1}
FULL_RANK = 2


@dataclass(frozen=True)
class Weakening:
    """A setting that lets more through than before, of rules for which it changes alike."""

    environment: str
    rules: tuple[str, ...]
    key: str
    before: Any
    after: Any


def settings(tree: Path, environment: str, rules: Sequence[Rule] = RULES) -> dict[str, dict[str, Any]]:
    """What the rules are told in an environment of a repository; defaults for a file that `render` has refused."""
    own = tree / pack.DIRECTORY / f"{environment}.json"
    return _effective(_read(own if own.exists() else own.with_name(f"{pack.STRICTEST}.json")), rules)


def _read(file: Path) -> dict[str, Any]:
    try:
        given = json.loads(file.read_text()) if file.exists() else {}
    except ValueError:
        given = {}
    return given if isinstance(given, dict) else {}


def _effective(given: Mapping[str, Any], rules: Sequence[Rule]) -> dict[str, dict[str, Any]]:
    found = dict[str, dict[str, Any]]()
    for rule in rules:
        defaults = rule.config.model_construct().model_dump(mode="json") if rule.config else {}
        written = {**_properties(given.get(pack.ALL)), **_properties(given.get(rule.name))}
        known = {pack.LEVEL: pack.FULL[0], **defaults}
        found[rule.name] = {key: written.get(key, default) for key, default in known.items()}
    return found


def _properties(given: Any) -> dict[str, Any]:
    """A level alone may stand for an object that holds it."""
    if isinstance(given, dict):
        return given
    return {pack.LEVEL: given} if isinstance(given, str) else {}


def weakenings(
    before: Mapping[str, Settings], after: Mapping[str, Settings], rules: Sequence[Rule] = RULES
) -> list[Weakening]:
    """What a change weakens, by environment. An environment that is new is compared with the rules' own defaults."""
    found = dict[tuple[str, str, str], Weakening]()
    defaults, by_name = _effective({}, rules), {rule.name: rule for rule in rules}
    for environment, told in sorted(after.items()):
        was = before.get(environment, defaults)
        for rule, key in ((rule, key) for rule, its in told.items() for key in its):
            old, new = was[rule][key], told[rule][key]
            if not _is_looser(by_name[rule], key, old, new):
                continue
            alike = (environment, key, json.dumps([old, new]))
            others = found[alike].rules if alike in found else ()
            found[alike] = Weakening(environment, (*others, rule), key, old, new)
    return list(found.values())


def _is_looser(rule: Rule, key: str, old: Any, new: Any) -> bool:
    """A level that is lower, a number that its rule calls looser, or any other value, as nobody says what it does."""
    if key == pack.LEVEL:
        return RANKS.get(new, FULL_RANK) < RANKS.get(old, FULL_RANK)
    says = rule.config.model_fields[key].metadata if rule.config else []
    if isinstance(new, int | float) and isinstance(old, int | float):
        if Looser.HIGHER in says:
            return new > old
        if Looser.LOWER in says:
            return new < old
    return bool(old != new)


def sentence(found: Sequence[Weakening]) -> str:
    """For the comment's first line; empty where nothing is weakened."""
    if not found:
        return ""
    number = len({(one.environment, rule) for one in found for rule in one.rules})
    each = [
        f"{some([code(rule) for rule in one.rules])} in {code(one.environment)}: {one.key} from {_shown(one.before)} "
        f"to {_shown(one.after)}"
        for one in found
    ]
    return f" {number} {'rule is' if number == 1 else 'rules are'} weakened ({some(each, '; ')})."


def table(found: Sequence[Weakening]) -> Iterator[str]:
    """All of it, a row for each rule."""
    if not found:
        return
    yield "### Rules that the change weakens"
    yield "| rule | environment | setting | before | after |"
    yield "| --- | --- | --- | --- | --- |"
    for one in found:
        cells = (code(one.environment), code(one.key), _shown(one.before), _shown(one.after))
        yield from (f"| {code(rule)} | {' | '.join(cells)} |" for rule in one.rules)
    yield ""


def _shown(value: Any) -> str:
    return safe(value if isinstance(value, str) else json.dumps(value))
