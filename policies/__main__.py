"""Starts the policy pack and serves the engine until it goes away."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path


def main() -> None:
    """Serves the rules of the clone that this file lies in, whichever clone the virtualenv was made for."""
    repository = Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(repository))

    # Loading modules makes many objects and next to no garbage; `serve` turns the collector on again.
    gc.disable()
    from policies.server import serve

    serve(os.environ)


if __name__ == "__main__":
    main()
