"""Every operator, and the mutants that it makes of every stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from cli.render.recording import Recording
from tests.policies.systematic import add, drop, duplicate, swap, widen
from tests.policies.systematic.mutant import STACKS, Mutant, Mutants, base

OPERATORS: tuple[Callable[[str], Mutants], ...] = (
    *(drop.resource, drop.field, drop.item, drop.edge, drop.protection),
    *(widen.cidr, widen.port, widen.selector, widen.quota, widen.capability, widen.level, widen.rights, widen.volume),
    *(swap.lane, swap.campaign, swap.namespace, swap.identifier, swap.part),
    *(duplicate.resource, duplicate.entry, duplicate.lease, duplicate.edge),
    *(add.secret, add.host, add.allow, add.service, add.object_, add.way_out, add.property_, add.unknown),
)


def made() -> Iterator[Mutant]:
    """Every mutant of every stack; two may be the same in effect."""
    for stack in STACKS:
        for operator in OPERATORS:
            yield from operator(stack)


def distinct() -> list[Mutant]:
    """The mutants that differ from their stacks and from one another."""
    seen = {(stack, _text(base(stack))) for stack in STACKS}
    found = list[Mutant]()
    for mutant in made():
        key = mutant.stack, _text(mutant.recording())
        if key not in seen:
            seen.add(key)
            found.append(mutant)
    return found


def _text(recording: Recording) -> int:
    return hash(json.dumps([vars(one) for one in recording.registrations], sort_keys=True))
