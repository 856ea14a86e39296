"""`make soak PART=…`: runs the parts that are named, or all, and writes `soak/<part>.json`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from bench.soak import campaigns, configurations, differential, fuzz, mutants, pod_security, rebuild, refusals, simulate
from lab import settings

RESULTS = settings.REPOSITORY / "soak"
PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "rebuild": rebuild.run,
    "campaigns": campaigns.run,
    "configurations": configurations.run,
    "differential": differential.run,
    "fuzz": fuzz.run,
    "mutants": mutants.run,
    "pod-security": pod_security.run,
    "refusals": refusals.run,
    "simulate": simulate.run,
}
SEED = 1


def main(arguments: list[str]) -> int:
    """Exit code 0 when every part saw what it should, 1 when one did not, 2 for an unknown part."""
    unknown = [part for part in arguments if part not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    failed = 0
    RESULTS.mkdir(exist_ok=True)
    for part in arguments or PARTS:
        began = time.monotonic()
        result = PARTS[part](SEED)
        document = {
            "part": part,
            "commit": commit(),
            "seed": SEED,
            "seconds": round(time.monotonic() - began),
            **result,
        }
        (RESULTS / f"{part}.json").write_text(json.dumps(document, indent=2) + "\n")
        print(json.dumps(document, indent=2))
        failed += not result["met"]
    return 1 if failed else 0


def commit() -> str:
    """The commit that was measured; `+` marks changes that are not committed."""
    git = ["git", "-C", str(settings.REPOSITORY)]
    name = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    dirty = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    return f"{name}+" if dirty else name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
