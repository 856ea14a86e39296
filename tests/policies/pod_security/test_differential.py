"""The pack's Pod Security verdict is that of a real API server, at the version that `tools/kubernetes` pins."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from components.namespaces import POD_SECURITY_VERSION
from lab import toolchain
from policies import pod_security
from tests.policies.pod_security.differential import compare
from tests.standins.kubernetes import api_server

ROOT = Path(__file__).resolve().parents[3]
SEED, PODS = 7, 50


@pytest.mark.lab
def test_an_api_server_says_the_same(tmp_path: Path) -> None:
    with api_server.running(toolchain.ensure(print), tmp_path) as cluster:
        seen = compare(cluster.api, SEED, PODS)
    assert seen["disagreements"] == [], json.dumps(seen["disagreements"][:3], indent=1)
    assert all(seen[verdict][level] >= 5 for verdict in ("admitted", "refused") for level in ("baseline", "restricted"))


def test_one_version_everywhere() -> None:
    pinned = re.search(r"^replace k8s.io/apiserver => k8s.io/apiserver v0\.(\d+)\.", _modules(), re.MULTILINE)
    assert pinned and int(pinned[1]) == pod_security.VERSION[1]
    assert "v{}.{}".format(*pod_security.VERSION) == POD_SECURITY_VERSION


def _modules() -> str:
    return (ROOT / "tools/kubernetes/go.mod").read_text()
