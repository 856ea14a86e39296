"""The pack's config: which file, what it may say, and where it may make a rule less than mandatory.

A rule is mandatory by itself (policies.about). `policies/config/<environment>.json` holds what else an environment's
rules are told; the stack's name chooses it, and `--policy-pack-config` comes over it, key by key. What stands under
`all` goes to every rule that knows it. Only an environment that has a file of its own, and is not `prod`, may lower a
rule.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi_policy import EnforcementLevel
from pydantic import ValidationError

from policies import committed
from policies.known import SnapshotConfig
from policies.rule import Rule
from warmlane.errors import ConfigError, Problem
from warmlane.validation import problems, rename

NAME = "warmlane"
STRICTEST = "prod"
DIRECTORY = "policies/config"
ALL = "all"
LEVEL = "enforcementLevel"
FULL = (EnforcementLevel.MANDATORY.value, EnforcementLevel.REMEDIATE.value)


def environment(stack: str) -> str:
    """The environment that is judged; the strictest where nobody says which stack, and where it has no config."""
    name = committed.environment_name(stack) if stack else STRICTEST
    return name if (committed.REPOSITORY / _file(name)).exists() else STRICTEST


def _file(name: str) -> str:
    return f"{DIRECTORY}/{name}.json"


def read(repository: Path, name: str, rules: Iterable[Rule]) -> dict[str, dict[str, Any]]:
    """The config of an environment, by rule. Raises ConfigError with everything that is wrong with its file."""
    known = list(rules)
    found = _written(repository, name, known)
    shared = {key: value for key, value in found.get(ALL, {}).items() if key != LEVEL}
    for rule in known if shared else ():
        its = {key: value for key, value in shared.items() if rule.config and key in rule.config.model_fields}
        if its:
            found[rule.name] = its | found.get(rule.name, {})
    if shared:
        found[ALL] = {key: value for key, value in found[ALL].items() if key not in shared}
    return {key: given for key, given in found.items() if given or key != ALL}


def snapshot_file(repository: Path, name: str, rules: Iterable[Rule]) -> str:
    """Where rules look for an environment's snapshot, relative to the repository. Raises ConfigError."""
    judged = name if (repository / _file(name)).exists() else STRICTEST
    given = _written(repository, judged, rules).get(ALL, {})
    return _snapshot_config(given).file(name)


def _snapshot_config(given: Mapping[str, Any]) -> SnapshotConfig:
    return SnapshotConfig.model_validate({key: value for key, value in given.items() if key != LEVEL})


def _written(repository: Path, name: str, rules: Iterable[Rule]) -> dict[str, dict[str, Any]]:
    """The config as it is written. Raises ConfigError with everything that is wrong with its file."""
    file, known = _file(name), {rule.name: rule for rule in rules}
    try:
        document = json.loads((repository / file).read_text())
    except ValueError as error:
        raise ConfigError(file, [Problem("", "(not JSON)", f"write a JSON object of rules: {error}")]) from None
    if not isinstance(document, dict):
        raise ConfigError(file, [Problem("", json.dumps(document), "write a JSON object of rules")])
    found, wrong = dict[str, dict[str, Any]](), list[Problem]()
    for key, value in document.items():
        given = {LEVEL: value} if isinstance(value, str) else value
        if key != ALL and key not in known:
            wrong.append(Problem(key, json.dumps(value), f"there is no such rule; rules: {', '.join(sorted(known))}"))
        elif not isinstance(given, dict):
            wrong.append(Problem(key, json.dumps(value), "write a level or an object of properties"))
        else:
            found[key] = given
            wrong += [*_level_problems(name, key, given), *_property_problems(known.get(key), key, given)]
    if wrong:
        raise ConfigError(file, wrong)
    return found


def _level_problems(name: str, key: str, given: Mapping[str, Any]) -> Iterable[Problem]:
    level = given.get(LEVEL, FULL[0])
    levels = [one.value for one in EnforcementLevel]
    if level not in levels:
        yield Problem(f"{key}.{LEVEL}", json.dumps(level), f"it must be one of {', '.join(levels)}")
    elif level not in FULL and name == STRICTEST:
        yield Problem(f"{key}.{LEVEL}", json.dumps(level), f"in {STRICTEST} every rule is mandatory; remove the level")


def _property_problems(rule: Rule | None, key: str, given: Mapping[str, Any]) -> Iterable[Problem]:
    """What is wrong with the properties of a rule, or of all where there is none."""
    shared = SnapshotConfig.model_fields if rule else {}
    for one in sorted(set(shared) & set(given)):
        advice = f"write it under {ALL}, so that every rule and `warmlane snapshot` mean the same file"
        yield Problem(f"{key}.{one}", json.dumps(given[one]), advice)
    properties = {one: value for one, value in given.items() if one != LEVEL and one not in shared}
    shape = rule.config if rule else SnapshotConfig
    if shape is None:
        for one, value in properties.items():
            yield Problem(f"{key}.{one}", json.dumps(value), "the rule is told nothing; remove it")
        return
    try:
        shape.model_validate(properties)
    except ValidationError as error:
        yield from rename(problems(error, shape), key)


def typed(config: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A config as the SDK wants it: the level as its enumeration, and never without one.

    The protocol has no word for "not given": the engine would read a rule's properties without a level as advisory.
    """
    level = config.get(ALL, {}).get(LEVEL, FULL[0])
    return {rule: {**given, LEVEL: EnforcementLevel(given.get(LEVEL, level))} for rule, given in config.items()}


def refusal(name: str, levels: Mapping[str, EnforcementLevel], rules: Iterable[str]) -> str:
    """Why a config is refused for an environment, empty where it is not. `levels`: by rule, what it is to be."""
    known = sorted(rules)
    foreign = sorted(set(levels) - {*known, ALL})
    if foreign:
        return f"The pack's config names {', '.join(foreign)}, and there is no such rule. Rules: {', '.join(known)}."
    weak = [f"{rule} {levels[rule].value}" for rule in known if rule in levels and levels[rule].value not in FULL]
    if name != STRICTEST or not weak:
        return ""
    return (
        f"The pack's config makes {', '.join(weak)}, and in {STRICTEST} (and where the environment is not known) every "
        "rule is mandatory. Remove these levels from the file that --policy-pack-config names."
    )
