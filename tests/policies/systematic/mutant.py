"""Mutants: a recorded stack, and one change to it that somebody should notice."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from cli.render.recording import Recording, Registration
from tests.policies.recording import campaign_program, environment_program, register
from tests.policies.systematic import values
from tests.policies.systematic.values import Path
from warmlane import names

ENVIRONMENTS = ("prod", "dev")
CAMPAIGNS = ("receipts.prod", "spring-sale.dev")
STACKS = (*ENVIRONMENTS, *CAMPAIGNS)
"""A NAT gateway's environment and a Cilium gateway's, and a campaign of each."""
PROVIDER = "pulumi:providers:"

Change = Callable[[Recording], None]


@dataclass(frozen=True)
class Mutant:
    """A stack with one change. `id` names stack, operator, resource and place, and is the same in each run."""

    stack: str
    operator: str
    resource: str
    place: str
    change: Change

    @property
    def id(self) -> str:
        return f"{self.stack} {self.operator} {self.resource} {self.place}".strip()

    def recording(self) -> Recording:
        """The changed stack."""
        found = base(self.stack)
        self.change(found)
        return found


Mutants = Iterator[Mutant]


def base(stack: str) -> Recording:
    """What the real program of a stack registers, to be changed at will."""
    return copy.deepcopy(_base(stack))


@cache
def _base(stack: str) -> Recording:
    if "." in stack:
        made = register(lambda: campaign_program(stack), stack)
        project = names.CAMPAIGN_PROJECT
    else:
        made = register(lambda: environment_program(stack), stack)
        project = names.ENVIRONMENT_PROJECT
    for one in made:
        # The runtime keeps edges in sets.
        one.dependencies = tuple(sorted(one.dependencies))
        one.property_dependencies = {key: tuple(sorted(found)) for key, found in one.property_dependencies.items()}
    return Recording(stack, project, sorted(made, key=lambda one: one.urn))


def resources(stack: str) -> list[Registration]:
    """What the providers make of a stack; not to be changed."""
    return [one for one in _base(stack).registrations if one.custom and not one.type.startswith(PROVIDER)]


def find(recording: Recording, urn: str) -> Registration:
    """The resource of a URN."""
    return next(one for one in recording.registrations if one.urn == urn)


def kind(one: Registration) -> str:
    """The last part of a type: `NetworkPolicy`, `Eip`."""
    return one.type.rsplit(":", 1)[1]


def is_kubernetes(one: Registration) -> bool:
    return one.type.startswith("kubernetes:")


def label(one: Registration) -> str:
    """A resource as mutants' ids name it."""
    return f"{kind(one)}/{one.name}"


class Maker:
    """Makes the mutants of one stack for one operator."""

    def __init__(self, stack: str, operator: str) -> None:
        self.stack, self.operator = stack, operator

    def edit(self, one: Registration, place: str, edit: Callable[[Registration], None]) -> Mutant:
        """One resource is changed."""
        urn = one.urn
        return Mutant(self.stack, self.operator, label(one), place, lambda recording: edit(find(recording, urn)))

    def put(self, one: Registration, path: Path, new: Any, note: str = "") -> Mutant:
        """A value is replaced, or added."""

        def edit(found: Registration) -> None:
            found.inputs = values.put(found.inputs, path, copy.deepcopy(new))

        return self.edit(one, f"{values.dotted(path)} {note}".strip(), edit)

    def remove(self, one: Registration, path: Path) -> Mutant:
        """A value is taken away."""

        def edit(found: Registration) -> None:
            found.inputs = values.removed(found.inputs, path)
            if len(path) == 1:
                found.property_dependencies.pop(str(path[0]), None)

        return self.edit(one, values.dotted(path), edit)

    def whole(self, resource: str, place: str, change: Change) -> Mutant:
        """More than one resource is changed."""
        return Mutant(self.stack, self.operator, resource, place, change)

    def add(self, like: Registration, place: str, type_: str, inputs: dict[str, Any]) -> Mutant:
        """A resource is added, as if the program had registered it after another, with all that the other waits for."""

        def change(recording: Recording) -> None:
            recording.registrations.append(another(find(recording, like.urn), type_, "added", inputs))

        return self.whole(type_.rsplit(":", 1)[1], place, change)


def another(like: Registration, type_: str, name: str, inputs: dict[str, Any]) -> Registration:
    """A resource beside another one, with its edges."""
    made = copy.deepcopy(like)
    chain = made.urn.split("::")
    chain[2] = "$".join([*chain[2].split("$")[:-1], type_])
    made.urn = "::".join([*chain[:3], name])
    made.type, made.name = type_, name
    made.inputs = made.outputs = copy.deepcopy(inputs)
    made.property_dependencies = {key: found for key, found in made.property_dependencies.items() if key in inputs}
    return made
