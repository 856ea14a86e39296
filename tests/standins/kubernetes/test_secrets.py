"""What a program marks secret stays secret in the state, and in what the engine shows."""

from __future__ import annotations

import base64
from typing import Any

import pytest

pytestmark = pytest.mark.lab

PASSWORD = "not-for-the-state"
ENCODED = base64.b64encode(PASSWORD.encode()).decode()

PROGRAM = f"""
cluster_ = provider(enable_config_map_mutable=True, enable_secret_mutable=True)
metadata = lambda name: {{"name": name, "namespace": "secrets"}}
password = pulumi.Output.secret("{PASSWORD}")
Secret("by-text", metadata=metadata("by-text"), string_data={{"password": password}}, opts=options(cluster_))
Secret("by-data", metadata=metadata("by-data"), data={{"password": "{ENCODED}"}}, opts=options(cluster_))
ConfigMap("settings", metadata=metadata("settings"), data={{"password": password}}, opts=options(cluster_))
"""


def test_secrets_are_encrypted_in_the_state_and_unchanged(cluster: Any, engine: Any) -> None:
    cluster.namespace("secrets")
    run = engine.program(PROGRAM).up().succeeded()
    state = engine.run("stack", "export").succeeded().output
    for text in (run.output, state):
        assert PASSWORD not in text
        assert ENCODED not in text
    data = cluster.get("/api/v1/namespaces/secrets/secrets/by-text")["data"]
    assert data == {"password": ENCODED}, "the cluster has the real value"
    assert engine.up().succeeded().steps == {"same": 3}
    engine.refresh().succeeded()
    state = engine.run("stack", "export").succeeded().output
    assert PASSWORD not in state and ENCODED not in state, "a refresh reads them back as secrets"
    assert engine.preview("--expect-no-changes").succeeded().steps == {"same": 3}
    changed = engine.program(PROGRAM.replace(PASSWORD, "another-value")).preview().succeeded()
    assert changed.steps == {"update": 2, "same": 1}
    assert "another-value" not in changed.output
