"""`make bench [PART=…]`: runs the parts, prints one line a figure, exits 1 when a figure misses its aim."""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import admission, check_list, decisions, pack, preview, receivers, render, returns, tokens, warm_up_repeat
from bench.figures import Figure

PARTS: dict[str, Callable[[], list[Figure]]] = {
    "preview": preview.measure,
    "pack": pack.measure,
    "render": render.measure,
    "up": warm_up_repeat.measure,
    "check-list": check_list.measure,
    "tokens": tokens.measure,
    "admission": admission.measure,
    "receivers": receivers.measure,
    "decisions": decisions.measure,
    "returns": returns.measure,
}


def main(arguments: list[str]) -> int:
    """Runs the parts that are named, or all; returns the process' exit code."""
    unknown = [part for part in arguments if part not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    missed = 0
    for part in arguments or PARTS:
        for figure in PARTS[part]():
            print(figure.line(part), flush=True)
            missed += not figure.met
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
