"""What the provider makes of values, without a cluster."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import provider_pb2

from lab.standins.kubernetes import objects
from lab.standins.kubernetes.api import Api, ApiError
from lab.standins.kubernetes.connection import Connection, KubeconfigError, connection
from lab.standins.kubernetes.declared import declared
from lab.standins.kubernetes.provider import Provider
from lab.standins.kubernetes.reports import Engine
from lab.standins.kubernetes.secret_values import in_outputs, marked, secret_paths
from lab.standins.values import UNKNOWN, from_struct, to_struct

NONE = frozenset[str]()

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "sender", "namespace": "a", "labels": {"app.kubernetes.io/name": "sender"}},
    "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": {"spec": {"containers": [{"image": "one"}]}}},
}
IMAGE = ("spec", "template", "spec", "containers", 0, "image")


def changed(value: Any, *path: Any, to: Any) -> Any:
    """`value` with another value at a path; None removes it."""
    if not path:
        return to
    copied = dict(value) if isinstance(value, dict) else list(value)
    inner = copied.get(path[0]) if isinstance(copied, dict) else copied[path[0]]
    new = changed(inner, *path[1:], to=to)
    if new is None:
        del copied[path[0]]
    else:
        copied[path[0]] = new
    return copied


@pytest.mark.parametrize(
    ("path", "to", "key", "replaces"),
    [
        (
            ("spec", "template", "spec", "containers", 0, "image"),
            "two",
            "spec.template.spec.containers[0].image",
            False,
        ),
        (("metadata", "labels", "app.kubernetes.io/name"), "x", 'metadata.labels["app.kubernetes.io/name"]', False),
        (("spec", "selector", "matchLabels", "app"), "b", "spec.selector.matchLabels.app", True),
        (("spec", "selector"), None, "spec.selector", True),
        (("spec",), None, "spec", True),
        (("metadata", "namespace"), "b", "metadata.namespace", True),
    ],
)
def test_a_change_has_a_path_and_may_need_a_new_object(path: Any, to: Any, key: str, replaces: bool) -> None:
    (found,) = objects.changes(DEPLOYMENT, changed(DEPLOYMENT, *path, to=to), NONE)
    assert (found.key, found.replaces) == (key, replaces)


IMMUTABLE = [
    ("v1", "PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "1Gi"}}}}),
    ("v1", "PersistentVolume", {"spec": {"local": {"path": "/a"}}}),
    ("v1", "Secret", {"type": "Opaque"}),
    ("v1", "Secret", {"data": {"a": "b"}}),
    ("v1", "ConfigMap", {"binaryData": {"a": "b"}}),
    ("v1", "Service", {"spec": {"clusterIP": "10.0.0.1"}}),
    ("v1", "ResourceQuota", {"spec": {"scopes": ["BestEffort"]}}),
    ("apps/v1", "DaemonSet", {"spec": {"selector": {"matchLabels": {"a": "b"}}}}),
    ("apps/v1", "StatefulSet", {"spec": {"serviceName": "a"}}),
    ("apps/v1", "StatefulSet", {"spec": {"volumeClaimTemplates": [{"metadata": {"name": "a"}}]}}),
    ("batch/v1", "Job", {"spec": {"template": {"spec": {"containers": []}}}}),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", {"roleRef": {"name": "a"}}),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", {"roleRef": {"name": "a"}}),
    ("storage.k8s.io/v1", "StorageClass", {"parameters": {"a": "b"}}),
    ("storage.k8s.io/v1", "StorageClass", {"volumeBindingMode": "Immediate"}),
]


@pytest.mark.parametrize(("api_version", "kind", "fields"), IMMUTABLE)
def test_what_can_not_change_replaces(api_version: str, kind: str, fields: Any) -> None:
    base = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}
    (found, *_) = objects.changes(base, base | fields, NONE)
    assert found.replaces


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_content_that_is_sealed_replaces_though_the_provider_says_mutable(kind: str) -> None:
    base = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, "data": {"a": "b"}}
    other, mutable = base | {"data": {"a": "c"}}, frozenset({kind})
    (found,) = objects.changes(base, other, mutable)
    assert not found.replaces
    (found,) = objects.changes(base | {"immutable": True}, other | {"immutable": True}, mutable)
    assert found.replaces
    (found,) = objects.changes(base | {"immutable": True}, base, mutable)
    assert found.replaces, "what is sealed can't be opened"


def test_a_kind_of_the_same_name_in_another_group_has_its_own_rules() -> None:
    base = {"apiVersion": "tests.warmlane.dev/v1", "kind": "Service", "metadata": {"name": "a"}}
    (found,) = objects.changes(base | {"spec": {"clusterIP": "a"}}, base | {"spec": {"clusterIP": "b"}}, NONE)
    assert not found.replaces


def test_a_name_is_given_kept_or_left_until_it_is_known() -> None:
    first = objects.named({"kind": "Pod"}, {}, "Amber", b"seed")
    assert first["metadata"]["name"].startswith("amber-")
    assert objects.named({"kind": "Pod"}, first, "Amber", b"another") == first
    assert objects.named({"metadata": {"name": "a"}}, first, "Amber", b"") == {"metadata": {"name": "a"}}
    assert objects.named({"metadata": UNKNOWN}, {}, "Amber", b"") == {"metadata": UNKNOWN}
    assert len(objects.named({}, {}, "a" * 100, b"")["metadata"]["name"]) == 63


def test_true_and_one_differ_and_whole_numbers_do_not() -> None:
    assert objects.changes({"a": True}, {"a": 1}, NONE)
    assert not objects.changes({"a": 1.0}, {"a": 1}, NONE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON)
def test_equal_objects_have_no_changes_and_a_change_shows_both_ways(one: Any, other: Any) -> None:
    assert not objects.changes({"a": one}, {"a": one}, NONE)
    assert bool(objects.changes({"a": one}, {"a": other}, NONE)) == bool(
        objects.changes({"a": other}, {"a": one}, NONE)
    )


@given(JSON)
def test_what_the_server_keeps_as_it_is_has_not_drifted(value: Any) -> None:
    inputs = {"spec": value}
    assert declared(inputs, inputs | {"status": {}}, {}, {}) == inputs


def test_secrets_stay_secret_on_their_way_through() -> None:
    paths = {("data", "password"), ("spec", "env", 1, "value"), ("token",)}
    values = {"data": {"password": "x", "user": "y"}, "spec": {"env": [{}, {"value": "z"}]}, "token": {"a": "b"}}
    message = marked(values, paths)
    assert secret_paths(message) == paths
    assert from_struct(message) == values
    assert in_outputs(paths, "ConfigMap") == {("data", "password"), ("spec", "env"), ("token",)}
    assert ("data",) in in_outputs(set(), "Secret")


class Context:
    def abort(self, code: grpc.StatusCode, message: str) -> None:
        raise RuntimeError(message)


def diff_config(olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    request = provider_pb2.DiffRequest(olds=to_struct(olds), news=to_struct(news))
    return list(Provider(Engine(None)).DiffConfig(request, Context()).replaces)


def kubeconfig(path: Path, server: str) -> str:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "current-context": "a",
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


def test_only_another_cluster_replaces_what_is_in_it(tmp_path: Path) -> None:
    first = kubeconfig(tmp_path / "first", "https://192.0.2.1:6443")
    copied = kubeconfig(tmp_path / "copied", "https://192.0.2.1:6443")
    other = kubeconfig(tmp_path / "other", "https://192.0.2.2:6443")
    assert diff_config({"kubeconfig": first}, {"kubeconfig": copied}) == []
    assert diff_config({"kubeconfig": first}, {"kubeconfig": other}) == ["kubeconfig"]
    known = {"clusterIdentifier": "lab"}
    assert diff_config(known | {"kubeconfig": first}, known | {"kubeconfig": other}) == []
    assert diff_config(known, {"clusterIdentifier": "other"}) == ["clusterIdentifier"]
    assert diff_config({"context": "a"}, {"context": "b"}) == ["context"]


def test_credentials_come_from_a_program_where_the_kubeconfig_says_so(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    kubeconfig(path, "https://192.0.2.1:6443")
    document = yaml.safe_load(path.read_text())
    answer = '{"status": {"token": "from-a-program"}}'
    document["users"][0]["user"] = {"exec": {"command": "echo", "args": [answer]}}
    path.write_text(yaml.safe_dump(document))
    assert connection({"kubeconfig": str(path)}).headers == {"Authorization": "Bearer from-a-program"}
    document["users"][0]["user"] = {"exec": {"command": "false"}}
    path.write_text(yaml.safe_dump(document))
    with pytest.raises(KubeconfigError, match="`false` failed"):
        connection({"kubeconfig": str(path)})


def test_a_setting_that_it_can_not_follow_is_refused() -> None:
    news = struct_pb2.Struct()
    news.update({"enableServerSideApply": "false"})
    (failure,) = Provider(Engine(None)).CheckConfig(provider_pb2.CheckRequest(news=news), Context()).failures
    assert failure.property == "enableServerSideApply"


class Bearer(BaseHTTPRequestHandler):
    """An API server that knows one token."""

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == "Bearer second"
        text = json.dumps({"kind": "Status", "message": "Unauthorized"} if not known else {"kind": "Pod"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_an_expired_token_is_asked_for_again() -> None:
    with HTTPServer(("127.0.0.1", 0), Bearer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tokens = iter(("first", "second"))

        def connect() -> Connection:
            url = f"http://127.0.0.1:{server.server_port}"
            return Connection(url, None, {"Authorization": f"Bearer {next(tokens)}"}, "default")

        assert Api(connect(), connect).get("/api/v1/namespaces/a/pods/b") == {"kind": "Pod"}
        with pytest.raises(ApiError, match="Unauthorized"):
            Api(Connection(f"http://127.0.0.1:{server.server_port}", None, {}, "default")).get("/")
        server.shutdown()
