"""What happens to objects behind the engine's back."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.lab

PROGRAM = """
at = options(provider(enable_config_map_mutable=True))
ConfigMap("settings", metadata={{"name": "settings", "namespace": "{namespace}"}}, data={{"rate": "1"}}, opts=at)
kubernetes.apps.v1.Deployment(
    "sender",
    metadata={{"name": "sender", "namespace": "{namespace}", "annotations": {{"pulumi.com/skipAwait": "true"}}}},
    spec={{
        "selector": {{"match_labels": {{"app": "a"}}}},
        "template": {{
            "metadata": {{"labels": {{"app": "a"}}}},
            "spec": {{
                "containers": [
                    {{
                        "name": "sender", "image": "warmlane.test/one", "ports": [{{"container_port": 25}}],
                        "resources": {{"limits": {{"cpu": "1000m", "memory": "1024Mi"}}}},
                        "security_context": {{}},
                    }}
                ],
                "volumes": [{{"name": "spool", "empty_dir": {{}}}}],
            }},
        }},
    }},
    opts=at,
)
"""


def paths(namespace: str) -> tuple[str, str]:
    return (
        f"/api/v1/namespaces/{namespace}/configmaps/settings",
        f"/apis/apps/v1/namespaces/{namespace}/deployments/sender",
    )


def test_another_way_to_write_a_value_is_no_drift(cluster: Any, engine: Any) -> None:
    cluster.namespace("spelling")
    engine.program(PROGRAM.format(namespace="spelling")).up().succeeded()
    before = engine.resources()["sender"]["inputs"]
    engine.refresh().succeeded()
    assert engine.resources()["sender"]["inputs"] == before, "the server writes 1000m as 1, and fills in defaults"
    assert engine.preview("--expect-no-changes").succeeded().steps == {"same": 2}


def test_a_value_that_another_manager_changed_is_seen_and_put_right_by_force(cluster: Any, engine: Any) -> None:
    cluster.namespace("drift")
    _, sender = paths("drift")
    engine.program(PROGRAM.format(namespace="drift")).up().succeeded()
    changed = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "sender", "namespace": "drift"},
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "sender", "image": "other"}, {"name": "mesh", "image": "mesh"}]}
            }
        },
    }
    cluster.apply(sender, changed, manager="pulumi-kubernetes-hand")
    engine.refresh().succeeded()
    containers = engine.resources()["sender"]["inputs"]["spec"]["template"]["spec"]["containers"]
    assert [one["image"] for one in containers] == ["other"], "the other manager's container is not the program's"
    run = engine.preview().failed('conflict with "pulumi-kubernetes-hand"')
    assert run.steps == {"same": 1, "update": 1}, "it is put right only where the program says so"
    skip = '"pulumi.com/skipAwait": "true"'
    forced = PROGRAM.format(namespace="drift").replace(skip, f'{skip}, "pulumi.com/patchForce": "true"')
    engine.program(forced).up().succeeded()
    assert cluster.get(sender)["spec"]["template"]["spec"]["containers"][0]["image"] == "warmlane.test/one"


@pytest.mark.check("deleted")
def test_an_object_deleted_behind_its_back_is_made_again(cluster: Any, engine: Any, dropped: bool) -> None:
    cluster.namespace("gone")
    settings, _ = paths("gone")
    engine.program(PROGRAM.format(namespace="gone")).up().succeeded()
    cluster.api.delete(settings, "Background")
    engine.refresh().succeeded()
    assert "settings" not in engine.resources(), "the state forgets what is gone"
    assert engine.up().succeeded().steps == {"create": 1, "same": 1}
    assert cluster.get(settings)["data"] == {"rate": "1"}


def test_a_deleted_object_is_also_made_again_by_an_update_and_needs_no_deletion(cluster: Any, engine: Any) -> None:
    cluster.namespace("lost")
    settings, _ = paths("lost")
    text = PROGRAM.format(namespace="lost")
    engine.program(text).up().succeeded()
    cluster.api.delete(settings, "Background")
    assert engine.program(text.replace('"rate": "1"', '"rate": "2"')).up().succeeded().steps["update"] == 1
    assert cluster.get(settings)["data"] == {"rate": "2"}
    cluster.api.delete(settings, "Background")
    engine.destroy().succeeded()
