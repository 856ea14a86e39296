"""Create, unchanged, update, replace, delete: each by Pulumi's engine on a real API server."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.lab

SETTINGS = """
at = options(provider(enable_config_map_mutable={mutable}))
ConfigMap("settings", metadata={{"name": "settings", "namespace": "{namespace}"}}, data={{"rate": "{rate}"}}, opts=at)
"""


def test_an_object_is_made_kept_changed_and_removed(cluster: Any, engine: Any) -> None:
    cluster.namespace("life")
    path = "/api/v1/namespaces/life/configmaps/settings"
    engine.program(SETTINGS.format(mutable=True, namespace="life", rate=1))
    assert engine.up().succeeded().steps == {"create": 1}
    made = cluster.get(path)
    assert made["data"] == {"rate": "1"}
    assert engine.up().succeeded().steps == {"same": 1}, "a second up has nothing to do"
    assert engine.preview("--expect-no-changes").succeeded().steps == {"same": 1}
    engine.program(SETTINGS.format(mutable=True, namespace="life", rate=2))
    assert engine.preview().succeeded().steps == {"update": 1}
    assert cluster.get(path)["data"] == {"rate": "1"}, "a preview changes nothing"
    assert engine.up().succeeded().steps == {"update": 1}
    changed = cluster.get(path)
    assert changed["data"] == {"rate": "2"}
    assert changed["metadata"]["uid"] == made["metadata"]["uid"], "an update keeps the object"
    assert engine.destroy().succeeded().steps == {"delete": 1}
    assert cluster.find(path) is None


DEPLOYMENT = """
at = options(provider(), custom_timeouts=pulumi.CustomTimeouts(create="{timeout}", update="{timeout}"))
kubernetes.apps.v1.Deployment(
    "sender",
    metadata={{{name} "namespace": "{namespace}", "annotations": {{"pulumi.com/skipAwait": "{skip}"}}}},
    spec={{
        "replicas": 2,
        "selector": {{"match_labels": {{"app": "{app}"}}}},
        "template": {{
            "metadata": {{"labels": {{"app": "{app}"}}}},
            "spec": {{"containers": [{{"name": "sender", "image": "warmlane.test/{image}"}}]}},
        }},
    }},
    opts=at,
)
"""


def deployment(namespace: str, *, name: str = '"name": "sender",', app: str = "a", image: str = "one") -> str:
    return DEPLOYMENT.format(namespace=namespace, name=name, app=app, image=image, skip="true", timeout="9s")


@pytest.mark.check("immutable")
def test_an_immutable_field_replaces_an_object_of_fixed_name_by_deleting_it_first(
    cluster: Any, engine: Any, dropped: bool
) -> None:
    cluster.namespace("fixed")
    path = "/apis/apps/v1/namespaces/fixed/deployments/sender"
    engine.program(deployment("fixed")).up().succeeded()
    before = cluster.get(path)["metadata"]["uid"]
    engine.program(deployment("fixed", image="two"))
    assert engine.up().succeeded().steps == {"update": 1}, "an image may change in place"
    engine.program(deployment("fixed", app="b"))
    assert engine.preview().succeeded().steps["replace"] == 1
    steps = engine.up().succeeded().steps
    assert steps == {"delete-replaced": 1, "replace": 1, "create-replacement": 1}
    after = cluster.get(path)
    assert after["metadata"]["uid"] != before
    assert after["spec"]["selector"]["matchLabels"] == {"app": "b"}


def test_an_object_without_a_name_gets_one_and_its_successor_another(cluster: Any, engine: Any) -> None:
    cluster.namespace("random")
    engine.program(deployment("random", name="")).up().succeeded()
    first = engine.resources()["sender"]["outputs"]["metadata"]["name"]
    assert first.startswith("sender-") and len(first) == len("sender-") + 7
    assert engine.up().succeeded().steps == {"same": 1}, "the name stays"
    engine.program(deployment("random", name="", app="b"))
    steps = engine.up().succeeded().steps
    assert steps == {"create-replacement": 1, "replace": 1, "delete-replaced": 1}
    second = engine.resources()["sender"]["outputs"]["metadata"]["name"]
    assert second != first, "both stood side by side for a while"
    assert cluster.find(f"/apis/apps/v1/namespaces/random/deployments/{first}") is None


@pytest.mark.parametrize(("mutable", "step"), [(True, "update"), (False, "replace")])
def test_content_of_a_config_map_replaces_it_unless_the_provider_says_mutable(
    cluster: Any, engine: Any, mutable: bool, step: str
) -> None:
    namespace = f"content-{step}"
    cluster.namespace(namespace)
    engine.program(SETTINGS.format(mutable=mutable, namespace=namespace, rate=1)).up().succeeded()
    engine.program(SETTINGS.format(mutable=mutable, namespace=namespace, rate=2))
    assert engine.preview().succeeded().steps[step] == 1


CUSTOM = """
cluster_ = provider()
names = {"kind": "Lane", "plural": "lanes", "singular": "lane"}
schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"address": {"type": "string"}}}}}
definition = kubernetes.apiextensions.v1.CustomResourceDefinition(
    "lanes",
    metadata={"name": "lanes.tests.warmlane.dev"},
    spec={
        "group": "tests.warmlane.dev", "scope": "Cluster", "names": names,
        "versions": [
            {"name": "v1", "served": True, "storage": True, "schema": {"open_apiv3_schema": schema}}
        ],
    },
    opts=options(cluster_),
)
kubernetes.apiextensions.CustomResource(
    "amber", api_version="tests.warmlane.dev/v1", kind="Lane", metadata={"name": "amber"},
    spec={"address": "198.51.100.16"}, opts=options(cluster_, depends_on=[definition]),
)
"""


def test_a_kind_and_an_object_of_it_are_made_in_one_go(cluster: Any, engine: Any) -> None:
    engine.program(CUSTOM)
    assert engine.preview().succeeded().steps == {"create": 2}, "the kind is not there yet, and may not be asked about"
    assert engine.up().succeeded().steps == {"create": 2}
    assert cluster.get("/apis/tests.warmlane.dev/v1/lanes/amber")["spec"] == {"address": "198.51.100.16"}
    assert engine.up().succeeded().steps == {"same": 2}
    assert engine.destroy().succeeded().steps == {"delete": 2}


UNKNOWN = """
at = options(provider(enable_config_map_mutable=True))
namespace = Namespace("place", opts=at)
first = ConfigMap("first", metadata={"namespace": namespace.metadata.name}, data={"a": "1"}, opts=at)
ConfigMap(
    "second",
    metadata={"name": "second", "namespace": namespace.metadata.name},
    data={"first": first.metadata.uid},
    opts=at,
)
pulumi.export("namespace", namespace.metadata.name)
"""


def test_values_known_only_after_an_update_are_previewed(cluster: Any, engine: Any) -> None:
    engine.program(UNKNOWN)
    assert engine.preview().succeeded().steps == {"create": 3}
    engine.up().succeeded()
    found = engine.resources()
    name = found["place"]["outputs"]["metadata"]["name"]
    second = cluster.get(f"/api/v1/namespaces/{name}/configmaps/second")
    assert second["data"] == {"first": found["first"]["outputs"]["metadata"]["uid"]}
    assert engine.up().succeeded().steps == {"same": 3}
    engine.destroy().succeeded()
    assert cluster.find(f"/api/v1/namespaces/{name}") is None, "a deleted namespace is waited for"


MANY = """
at = options(provider(enable_config_map_mutable=True))
for number in range(20):
    ConfigMap(f"one-{number}", metadata={"name": f"one-{number}", "namespace": "many"}, data={"a": "1"}, opts=at)
"""


def test_twenty_objects_take_seconds(cluster: Any, engine: Any) -> None:
    cluster.namespace("many")
    run = engine.program(MANY).up().succeeded()
    assert run.steps == {"create": 20}
    assert run.seconds < 20, "16 objects were seen to take 2.6 s on two idle cores"


def test_an_existing_object_is_imported(cluster: Any, engine: Any) -> None:
    cluster.namespace("import")
    path = "/api/v1/namespaces/import/configmaps/settings"
    metadata = {"name": "settings", "namespace": "import"}
    cluster.apply(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"rate": "1"}})
    text = SETTINGS.format(mutable=True, namespace="import", rate=1)
    option = 'imported = pulumi.ResourceOptions(import_="import/settings")\n'
    engine.program(option + text.replace("opts=at", "opts=pulumi.ResourceOptions.merge(at, imported)"))
    assert engine.up().succeeded().steps == {"import": 1}
    assert engine.program(text).up().succeeded().steps == {"same": 1}
