"""Renders many stacks, beside each other where that is worth a process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from cli.render.stack import Plan, Rendered, render
from cli.stacks import Stack

CHUNK = 20
"""Stacks that a worker is given at once: about a second of work."""

_plan: Plan | None = None


def rendered(plan: Plan, stacks: Sequence[Stack]) -> Iterator[Rendered]:
    """Every stack, as it is done. An environment's stack is the longest, so it should come first."""
    # What is one chunk beside the first stack costs less than the processes would.
    if len(stacks) <= CHUNK:
        yield from (render(plan, stack) for stack in stacks)
        return
    chunks = [list(stacks[:1]), *(list(stacks[at : at + CHUNK]) for at in range(1, len(stacks), CHUNK))]
    with ProcessPoolExecutor(os.cpu_count(), initializer=_begin, initargs=(plan,)) as pool:
        for done in as_completed([pool.submit(_chunk, chunk) for chunk in chunks]):
            yield from done.result()


def _begin(plan: Plan) -> None:
    global _plan
    _plan = plan


def _chunk(stacks: list[Stack]) -> list[Rendered]:
    assert _plan is not None, "a worker begins with its plan"
    return [render(_plan, stack) for stack in stacks]
