"""Every systematic mutant of the real stacks is refused by a rule, or is confirmed to harm nobody."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from lab import toolchain
from tests.policies.systematic.operators import distinct
from tests.policies.systematic.run import judged, summary
from tests.standins.kubernetes import api_server


def run(_seed: int) -> dict[str, Any]:
    """Kills and survivors by operator and rule. Nothing is random; the API server is one of the soak's own."""
    mutants = distinct()
    verdicts = judged(mutants, os.cpu_count() or 1)
    with (
        tempfile.TemporaryDirectory(prefix="warmlane-soak-") as directory,
        api_server.running(toolchain.ensure(print), Path(directory)) as cluster,
    ):
        return summary(mutants, verdicts, cluster.api, Path(directory))
