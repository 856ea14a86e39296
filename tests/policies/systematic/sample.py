"""The mutants that every test run judges: `python -m tests.policies.systematic.sample` writes them.

They are spread over all operators, over the rules that refuse any, and over all stacks.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from tests.policies.systematic.mutant import Mutant
from tests.policies.systematic.operators import distinct
from tests.policies.systematic.run import judged

FILE = Path(__file__).parent / "sample.txt"
"""A rule, and the id of a mutant that it refuses, in each line."""
SIZE = 50


def chosen(mutants: list[Mutant], verdicts: list[list[str]]) -> list[tuple[str, Mutant]]:
    """Rule and mutant: what was taken least often, of rules, operators and stacks, comes next."""
    left = [(rule, mutant) for mutant, rules in zip(mutants, verdicts, strict=True) for rule in rules]
    found, seen = list[tuple[str, Mutant]](), Counter[str]()

    def taken(one: tuple[str, Mutant]) -> tuple[int, int]:
        rule, operator, stack = (seen[key] for key in (one[0], one[1].operator, one[1].stack))
        # A new rule or a new operator before anything else.
        return rule * operator, rule + operator + stack

    while left and len(found) < SIZE:
        rule, mutant = min(left, key=taken)
        found.append((rule, mutant))
        left = [one for one in left if one[1] is not mutant]
        seen.update((rule, mutant.operator, mutant.stack))
    return sorted(found, key=lambda one: (one[0], one[1].id))


def read() -> list[tuple[str, str]]:
    """Rule and mutant's id of each line."""
    lines = FILE.read_text().splitlines()
    return [(rule, id_) for rule, _, id_ in (line.partition(": ") for line in lines)]


if __name__ == "__main__":
    all_ = distinct()
    lines = [f"{rule}: {mutant.id}\n" for rule, mutant in chosen(all_, judged(all_, os.cpu_count() or 1))]
    FILE.write_text("".join(lines))
