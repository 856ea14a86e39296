"""Judges mutants by the whole pack, and has what survives confirmed as harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from cli.render import judging
from cli.render.recording import Recording
from lab.standins.kubernetes.api import Api
from policies import committed
from policies.rules import RULES
from tests.policies.configurations.judged import committed_in
from tests.policies.systematic import harmless
from tests.policies.systematic.mutant import STACKS, Mutant, base
from tests.policies.world import IMAGES, NOW, replace

FEWEST = 500
REPORT_EVERY = 500
"""Mutants between two lines of progress."""

_mutants: Sequence[Mutant] = ()


def killers(mutant: Mutant) -> list[str]:
    """The rules that refuse a mutant."""
    return refusals(mutant.recording())


def refusals(recording: Recording) -> list[str]:
    """The rules that refuse what a program of this repository registers, with images as if they were committed."""
    images = committed.images
    with committed_in(committed.REPOSITORY, NOW):
        replace(images=lambda _stack: IMAGES)
        try:
            return judging.judge(recording, RULES, {}).refused
        finally:
            replace(images=images)


def judged(mutants: Sequence[Mutant], processes: int) -> list[list[str]]:
    """By mutant, the rules that refuse it. Workers find the mutants where this process left them."""
    global _mutants
    _mutants = mutants
    found = list[list[str]]()
    with ProcessPoolExecutor(processes) as pool:
        for number, rules in enumerate(pool.map(_one, range(len(mutants)), chunksize=20), 1):
            found.append(rules)
            if number % REPORT_EVERY == 0:
                print(f"{number} of {len(mutants)} mutants judged, {found.count([])} survived", flush=True)
    return found


def _one(number: int) -> list[str]:
    return killers(_mutants[number])


def summary(mutants: Sequence[Mutant], verdicts: Sequence[list[str]], api: Api, directory: Path) -> dict[str, Any]:
    """Killed and survived by operator, kills by rule, and what no list excuses."""
    operators = {mutant.operator: Counter[str]() for mutant in mutants}
    rules, confirmed = Counter[str](), Counter[str]()
    holes, objections, used = list[str](), dict[str, str](), set[harmless.Harmless]()
    for mutant, killed_by in zip(mutants, verdicts, strict=True):
        operators[mutant.operator]["killed" if killed_by else "survived"] += 1
        rules.update(killed_by)
        if killed_by:
            continue
        listed = harmless.entry(mutant)
        if listed is None:
            holes.append(mutant.id)
            continue
        used.add(listed)
        if said := harmless.objection(mutant, listed.by, api, directory):
            objections[mutant.id] = said
        else:
            confirmed[listed.by] += 1
    share = sum(confirmed.values()) / len(mutants)
    # What is refused unchanged would be called killed whatever was changed of it.
    unsound = {stack: found for stack in STACKS if (found := refusals(base(stack)))}
    stale = [f"{one.operator}: {one.what}" for one in harmless.HARMLESS if one not in used]
    return {
        "met": len(mutants) >= FEWEST and not (unsound or holes or objections or stale) and share <= harmless.MOST,
        "refused_unchanged": unsound,
        "mutants": len(mutants),
        "killed": sum(map(bool, verdicts)),
        "harmless": dict(confirmed),
        "harmless_share": round(share, 4),
        "holes": holes,
        "not_confirmed": objections,
        "listed_without_a_mutant": stale,
        "operators": {name: dict(counts) for name, counts in sorted(operators.items())},
        "rules": dict(rules.most_common()),
        "rules_without_a_kill": sorted({rule.name for rule in RULES} - set(rules)),
    }
