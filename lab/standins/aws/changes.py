"""What a program's values mean for a resource: checked, compared with its state, and foreseen in a preview."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from lab.standins.aws.rows import ResourceType
from lab.standins.values import UNKNOWN, Values, has_unknown

INTERNAL = ("__defaults", "__meta")
"""Keys that Pulumi's own provider keeps in states; ours has no use for them."""

NAME_LENGTH = 63
RANDOM_LENGTH = 7


@dataclass(frozen=True)
class Problem:
    key: str
    reason: str


@dataclass(frozen=True)
class Change:
    """A property whose wanted value differs from the state."""

    key: str
    replaces: bool
    had: bool
    has: bool


def check(row: ResourceType, given: Values, olds: Values, name: str, seed: bytes) -> tuple[Values, list[Problem]]:
    """The inputs with their defaults, and what is wrong with them."""
    inputs = {key: value for key, value in given.items() if value is not None and key not in INTERNAL}
    problems = [
        Problem(key, f"the stand-in's row of {row.token} has no property {key!r}; it knows {', '.join(row.inputs)}")
        for key in inputs
        if key not in row.inputs
    ]
    for key, known in row.inputs.items():
        if key not in inputs and known.default is not None:
            inputs[key] = known.default
        if known.required and key not in inputs:
            problems.append(Problem(key, f"missing required property {key!r}"))
    for group in row.one_of:
        if sum(1 for key in group if inputs.get(key)) != 1:
            problems.append(Problem(group[0], f"exactly one of {', '.join(group)} must be given"))
    if row.auto_named and not inputs.get(row.auto_named):
        inputs[row.auto_named] = olds.get(row.auto_named) or _random_name(name, seed)
    return inputs, problems


def _random_name(name: str, seed: bytes) -> str:
    end = hashlib.sha256(seed or name.encode()).hexdigest()[:RANDOM_LENGTH]
    return f"{name[: NAME_LENGTH - RANDOM_LENGTH - 1]}-{end}"


def with_all_tags(row: ResourceType, inputs: Values, defaults: Mapping[str, str]) -> Values:
    """The inputs with `tagsAll`: the provider's default tags under the resource's own."""
    if not row.tagged:
        return dict(inputs)
    tags = inputs.get("tags") or {}
    return inputs | {"tagsAll": UNKNOWN if tags == UNKNOWN else {**defaults, **tags}}


def own_tags(row: ResourceType, outputs: Values, known: Values, defaults: Mapping[str, str]) -> Values:
    """The outputs with `tags`: all that the resource has but for those that only the provider's defaults gave it."""
    if not row.tagged:
        return outputs
    given = known.get("tags") or {}
    everything: dict[str, str] = outputs.get("tagsAll") or {}
    own = {key: value for key, value in everything.items() if key in given or defaults.get(key) != value}
    return outputs | {"tags": own or None}


def changes(row: ResourceType, state: Values, wanted: Values) -> list[Change]:
    """The differences between a resource's state and the values that it should have (with `tagsAll`)."""
    found = []
    compared = dict(row.inputs) | ({"tagsAll": row.known["tagsAll"]} if row.tagged else {})
    for key, known in compared.items():
        new = wanted.get(key)
        if new is None and (known.computed or known.unread):
            continue
        if not known.same(state.get(key), new):
            found.append(Change(key, known.replaces, state.get(key) is not None, new is not None))
    return found


def foreseen(row: ResourceType, wanted: Values, state: Values | None, region: str) -> Values:
    """A preview's outputs: what is known, and the sign for what AWS will say."""
    outputs = {key: value for key, value in wanted.items() if key not in INTERNAL}
    for key, known in row.known.items():
        if key in outputs or not known.computed:
            continue
        if key == "region":
            outputs[key] = region
        else:
            outputs[key] = UNKNOWN if state is None else state.get(key)
    return outputs


def imported(row: ResourceType, outputs: Values) -> Values:
    """The inputs that would make a resource as it is: what a program has to say, without AWS' own choices."""
    return {
        key: outputs[key]
        for key, known in row.inputs.items()
        if outputs.get(key) not in (None, [], {}, "") and not known.computed and key != "region"
    }


def refreshed(row: ResourceType, inputs: Values, outputs: Values) -> Values:
    """The inputs of a resource as read: those that the program gave, with the values that they have now."""
    fresh = dict(inputs)
    for key, known in row.inputs.items():
        if known.unread or has_unknown(inputs.get(key)) or known.same(inputs.get(key), outputs.get(key)):
            continue
        if key in inputs or not known.computed:
            fresh[key] = outputs.get(key)
    return {key: value for key, value in fresh.items() if value is not None}
