"""Everything goes but what is protected, and comes back with the same addresses."""

from __future__ import annotations

from typing import Any

import pytest

from cli.cluster import Cluster
from cli.engine import Engine
from cli.stacks import environment_stack
from tests.acceptance.conftest import CAMPAIGNS, ENVIRONMENT
from tests.acceptance.test_commands import warmlane
from warmlane import names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


def namespaces(cluster: Cluster) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.get("/api/v1/namespaces")["items"]}


def addresses(engine: Engine) -> dict[str, Any]:
    lanes = engine.outputs(environment_stack(ENVIRONMENT))["lanes"]
    return {lane: outputs["address"] for lane, outputs in lanes.items()}


def test_destroy_leaves_the_protected_and_up_takes_it_up_again(cluster: Cluster, engine: Engine) -> None:
    own = {names.PLATFORM_NAMESPACE, names.MONITORING_NAMESPACE, *map(names.namespace, CAMPAIGNS)}
    before = addresses(engine)
    try:
        code, document = warmlane("destroy", "--all", "--yes", "--discard", "the test ends")
        assert code == 0, document
        assert namespaces(cluster) & own == set()
        for lane, address in before.items():
            assert any(f"{lane}-address ({address})" == kept for kept in document["kept"]), document["kept"]
        left = {r["urn"].rpartition("::")[2]: r for r in engine.deployment(environment_stack(ENVIRONMENT))["resources"]}
        unprotected = [
            name for name, r in left.items() if r["type"].startswith(("kubernetes:", "aws:")) and not r.get("protect")
        ]
        assert unprotected == []
    finally:
        code, document = warmlane("up", "--all")
        assert code == 0, document
    assert addresses(engine) == before, "a lane keeps its address through a destroy"
    assert own <= namespaces(cluster)
