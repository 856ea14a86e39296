"""`python -m lab.images`: builds the images that the cache lacks and prints their references."""

from __future__ import annotations

import sys

from lab.images import ensure
from lab.toolchain import StepFailed


def main() -> int:
    """Returns the exit code: 0 fine, 3 a build failed."""
    try:
        images = ensure(lambda line: print(line, flush=True))
    except StepFailed as error:
        print(error, file=sys.stderr)
        return 3
    for image in images.values():
        print(f"{image.reference}  {image.archive}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
