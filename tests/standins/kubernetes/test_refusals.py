"""What a Kubernetes cluster refuses, and Pulumi's provider with it: each with its words and where they come from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

pytestmark = pytest.mark.lab

NAMESPACE = "refusals"
CONFIG_MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"

CONFIG_MAP = """
at = options(provider(enable_config_map_mutable=True{settings}))
ConfigMap(
    "settings",
    metadata={{"name": "{name}", "namespace": "{namespace}", "annotations": {{{annotations}}}}},
    data={{"rate": "2"}},
    opts=at,
)
"""
CLAIM = """
kubernetes.core.v1.PersistentVolumeClaim(
    "spool",
    metadata={"name": "spool", "namespace": "refusals", "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "a lot"}}},
    opts=options(provider()),
)
"""
UNKNOWN_FIELD = """
kubernetes.apiextensions.CustomResource(
    "policy", api_version="networking.k8s.io/v1", kind="NetworkPolicy",
    metadata={"name": "deny", "namespace": "refusals"}, spec={"podSelector": {}, "policyType": ["Egress"]},
    opts=options(provider()),
)
"""
UNKNOWN_KIND = """
kubernetes.apiextensions.CustomResource(
    "policy", api_version="tests.warmlane.dev/v7", kind="Nothing", metadata={"name": "nothing"},
    opts=options(provider()),
)
"""
POD = """
kubernetes.core.v1.Pod(
    "pod",
    metadata={"name": "pod", "namespace": "refusals"},
    spec={"containers": [{"name": "a", "image": "a", "security_context": {"privileged": True}}]},
    opts=options(provider()),
)
"""
PATCH = """
kubernetes.core.v1.ConfigMapPatch(
    "patch", metadata={"name": "there", "namespace": "refusals"}, data={"a": "b"}, opts=options(provider())
)
"""
GENERATED = """
ConfigMap("generated", metadata={"generate_name": "a-", "namespace": "refusals"}, opts=options(provider()))
"""


def config_map(name: str = "there", namespace: str = NAMESPACE, settings: str = "", annotations: str = "") -> str:
    return CONFIG_MAP.format(name=name, namespace=namespace, settings=settings, annotations=annotations)


@dataclass(frozen=True)
class Row:
    """A program that is refused. `check`: what refuses it (`dropped.py`). `in_preview`: a preview says so too."""

    check: str
    title: str
    program: str
    told: tuple[str, ...]
    source: str
    in_preview: bool = True


TABLE = (
    Row(
        "exists",
        "an object that exists already",
        config_map(),
        ("ConfigMap refusals/there was not created: it already exists",),
        "pulumi-kubernetes 4.34, provider argument upsertExistingObjects",
    ),
    Row(
        "conflict",
        "a field of another manager",
        config_map(settings=", upsert_existing_objects=True"),
        ('conflict with "somebody-else"', ".data.rate", "pulumi.com/patchForce"),
        "Kubernetes documentation, Server-Side Apply, Conflicts",
    ),
    Row(
        "unknown-field",
        "a field that the kind does not have",
        UNKNOWN_FIELD,
        ("NetworkPolicy refusals/deny", ".spec.policyType: field not declared in schema"),
        "Kubernetes documentation, API concepts, Field validation",
    ),
    Row(
        "value",
        "a value that the kind does not allow",
        CLAIM,
        ("PersistentVolumeClaim refusals/spool", "quantities must match the regular expression"),
        "Kubernetes 1.35, apimachinery/pkg/api/resource/quantity.go",
    ),
    Row(
        "pod-security",
        "what Pod Security forbids",
        POD,
        ("Pod refusals/pod", 'violates PodSecurity "baseline:latest"', "privileged"),
        "Kubernetes documentation, Pod Security Admission",
    ),
    Row(
        "name",
        "a name that is no DNS name",
        config_map(name="Not_A_Name"),
        ("ConfigMap refusals/Not_A_Name", "a lowercase RFC 1123 subdomain"),
        "Kubernetes documentation, Object Names and IDs",
    ),
    Row(
        "kind",
        "a kind that is not served",
        UNKNOWN_KIND,
        ('no matches for kind "Nothing" in version "tests.warmlane.dev/v7"',),
        "client-go, restmapper NoKindMatchError",
        in_preview=False,
    ),
    Row(
        "namespace",
        "a namespace that does not exist",
        config_map(name="a", namespace="nowhere"),
        ("ConfigMap nowhere/a was not created", 'namespaces "nowhere" not found'),
        "Kubernetes 1.35, plugin/pkg/admission/namespace/lifecycle",
        in_preview=False,
    ),
    Row(
        "context",
        "a context that the kubeconfig does not have",
        config_map().replace("provider(", 'kubernetes.Provider("other", context="elsewhere", '),
        ("the kubeconfig has no context 'elsewhere'; it has standins",),
        "client-go, clientcmd ConfirmUsable",
    ),
    Row(
        "patch",
        "a Patch resource, which the stand-in has not",
        PATCH,
        ("makes single objects, not kubernetes:core/v1:ConfigMapPatch", "Install Pulumi's Kubernetes provider"),
        "lab/standins/kubernetes/provider.py",
    ),
    Row(
        "generated-name",
        "a generated name",
        GENERATED,
        ("metadata.generateName does not go with server-side apply",),
        "Kubernetes documentation, Server-Side Apply",
    ),
)


@pytest.fixture
def occupied(cluster: Any) -> None:
    path = cluster.namespace(NAMESPACE)
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    cluster.apply(path, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
    metadata = {"name": "there", "namespace": NAMESPACE}
    there = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"rate": "1"}}
    cluster.apply(f"{CONFIG_MAPS}/there", there)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.title, marks=pytest.mark.check(row.check)) for row in TABLE])
def test_refused(cluster: Any, engine: Any, occupied: None, row: Row, dropped: bool) -> None:
    before = json.dumps(cluster.get(f"{CONFIG_MAPS}/there")["data"])
    engine.program(row.program)
    if row.in_preview:
        engine.preview().failed(*row.told)
    else:
        engine.preview().succeeded()
    engine.up().failed(*row.told)
    assert not [one for one in engine.resources() if one not in ("cluster", "other")], "nothing was made"
    assert json.dumps(cluster.get(f"{CONFIG_MAPS}/there")["data"]) == before, "nothing was changed"


def test_a_conflict_is_forced_where_the_program_says_so(cluster: Any, engine: Any, occupied: None) -> None:
    force = config_map(settings=", upsert_existing_objects=True", annotations='"pulumi.com/patchForce": "true"')
    engine.program(force).up().succeeded()
    assert cluster.get(f"{CONFIG_MAPS}/there")["data"] == {"rate": "2"}


@pytest.mark.check("conflict")
def test_a_field_that_another_manager_took_is_refused_when_the_program_changes_it(
    cluster: Any, engine: Any, dropped: bool
) -> None:
    cluster.namespace("taken")
    path = "/api/v1/namespaces/taken/configmaps/settings"
    text = config_map(name="settings", namespace="taken")
    engine.program(text).up().succeeded()
    metadata = {"name": "settings", "namespace": "taken"}
    cluster.apply(path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"rate": "9"}})
    told = ("ConfigMap taken/settings was not updated", 'conflict with "somebody-else"', ".data.rate")
    engine.program(text.replace('"rate": "2"', '"rate": "3"')).up().failed(*told)
    assert cluster.get(path)["data"] == {"rate": "9"}


@pytest.mark.check("unreachable")
def test_a_cluster_that_does_not_answer_is_named(cluster: Any, engine: Any, dropped: bool) -> None:
    gone = engine.directory / "kubeconfig"
    gone.write_text(cluster.kubeconfig.read_text().replace(cluster.api.connection.server, "https://127.0.0.1:9"))
    engine.variables["KUBECONFIG"] = str(gone)
    engine.program(config_map()).up().failed("configured Kubernetes cluster is unreachable: https://127.0.0.1:9")
