"""`python -m lab.toolchain [plan]`: builds what is missing, or says what a build would do."""

from __future__ import annotations

import sys

from lab.toolchain import StepFailed, ensure, minutes_left, missing


def plan() -> None:
    """Prints what is still to be built, in one line; nothing when the cache is complete."""
    wanted = missing()
    if wanted:
        names = ", ".join(f"{tool.name} {tool.version}" for tool in wanted)
        print(f"to build once: {names}; about {minutes_left(wanted)} min on 2 cores")


def main(arguments: list[str]) -> int:
    """Returns the exit code: 0 fine, 2 usage, 3 a build failed."""
    if arguments == ["plan"]:
        plan()
        return 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        toolbox = ensure(lambda line: print(line, flush=True))
    except StepFailed as error:
        print(error, file=sys.stderr)
        return 3
    for name, path in toolbox.programs.items():
        print(f"{name}: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
