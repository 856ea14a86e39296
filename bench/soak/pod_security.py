"""The pack's Pod Security verdict against a real API server's, on many random pods."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lab import toolchain
from tests.policies.pod_security.differential import compare
from tests.standins.kubernetes import api_server

PODS = 500


def run(seed: int) -> dict[str, Any]:
    """Verdicts, and each pod on which the two differ. The API server is one of the soak's own."""
    with (
        tempfile.TemporaryDirectory(prefix="warmlane-soak-") as directory,
        api_server.running(toolchain.ensure(print), Path(directory)) as cluster,
    ):
        seen = compare(cluster.api, seed, PODS)
    return {**seen, "met": seen["met"] and not seen["not_covered"]}
