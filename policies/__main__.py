"""Starts the policy pack. Nothing else constructs a PolicyPack: its constructor serves until the engine goes away."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Serves the rules of the clone that this file lies in, whichever clone the virtualenv was made for."""
    repository = Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(repository))

    from pulumi_policy import EnforcementLevel, PolicyPack

    from policies.rules import RULES

    PolicyPack(name="warmlane", policies=list(RULES), enforcement_level=EnforcementLevel.MANDATORY)


if __name__ == "__main__":
    main()
