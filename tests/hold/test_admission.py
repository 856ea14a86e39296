"""What a real API server lets be deleted of a campaign, marked and not, and of others."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from lab.standins.kubernetes.api import ApiError
from tests.hold.conftest import GROUP, namespace, refusal, wait
from tests.standins.kubernetes.api_server import Cluster
from warmlane import queued_mail

pytestmark = pytest.mark.lab

POD = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "warmlane.test/a"}]}}
SPECS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "deployments": ("apps/v1", "Deployment", {"selector": {"matchLabels": {"app": "a"}}, "template": POD}),
    "statefulsets": (
        "apps/v1",
        "StatefulSet",
        {"serviceName": "a", "selector": {"matchLabels": {"app": "a"}}, "template": POD},
    ),
    "persistentvolumeclaims": (
        "v1",
        "PersistentVolumeClaim",
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    ),
}
GUARDED = sorted(SPECS)
numbers = itertools.count()


def campaign() -> str:
    return f"c{next(numbers)}"


def made(cluster: Cluster, where: str, plural: str, name: str = "a") -> str:
    """Makes an object and gives its path."""
    version, kind, spec = SPECS[plural]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    path = f"{root}/namespaces/{where}/{plural}/{name}"
    cluster.apply(
        path, {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": where}, "spec": spec}
    )
    return path


def test_its_expressions_have_the_types_that_the_api_server_expects(cluster: Cluster) -> None:
    path = f"/apis/{GROUP}/validatingadmissionpolicies/{queued_mail.POLICY}"
    wait(lambda: "typeChecking" in cluster.get(path).get("status", {}), "the type check")
    assert "expressionWarnings" not in cluster.get(path)["status"]["typeChecking"]


@pytest.mark.parametrize("plural", GUARDED)
@pytest.mark.parametrize("propagation", ["Background", "Foreground", "Orphan"])
def test_what_may_hold_mail_is_not_deleted_from_an_unmarked_namespace(
    cluster: Cluster, plural: str, propagation: str
) -> None:
    id_ = campaign()
    path = made(cluster, namespace(cluster, id_), plural)
    said = refusal(cluster, path, propagation)
    assert f"mail of campaign {id_} may be queued" in said and f"`warmlane destroy -c {id_}`" in said, said
    assert "deletionTimestamp" not in cluster.get(path)["metadata"]


def test_an_unmarked_namespace_is_not_deleted(cluster: Cluster) -> None:
    name = namespace(cluster, campaign())
    assert "may be queued" in refusal(cluster, f"/api/v1/namespaces/{name}")
    assert "deletionTimestamp" not in cluster.get(f"/api/v1/namespaces/{name}")["metadata"]


def test_a_whole_collection_is_not_deleted_either(cluster: Cluster) -> None:
    name = namespace(cluster, campaign())
    path = made(cluster, name, "deployments")
    assert "may be queued" in refusal(cluster, path.rpartition("/")[0])
    assert cluster.find(path) is not None


@pytest.mark.parametrize("mark", ["", "kept", "Drained", "drained "])
def test_another_word_is_no_mark(cluster: Cluster, mark: str) -> None:
    name = namespace(cluster, campaign(), **{queued_mail.MARK: mark})
    assert "may be queued" in refusal(cluster, made(cluster, name, "deployments"))


def test_another_annotation_is_no_mark(cluster: Cluster) -> None:
    name = namespace(cluster, campaign(), **{queued_mail.REASON: "drained"})
    assert "may be queued" in refusal(cluster, made(cluster, name, "statefulsets"))


@pytest.mark.parametrize("mark", queued_mail.MARKS)
def test_a_marked_namespace_goes_with_all_that_is_in_it(cluster: Cluster, mark: str) -> None:
    name = namespace(cluster, campaign(), **{queued_mail.MARK: mark})
    assert refusal(cluster, made(cluster, name, "deployments")) == ""
    left = [made(cluster, name, plural, "left") for plural in GUARDED]
    assert refusal(cluster, f"/api/v1/namespaces/{name}") == ""
    wait(
        lambda: all(
            (cluster.find(path) or {"metadata": {"deletionTimestamp": 1}})["metadata"].get("deletionTimestamp")
            for path in left
        ),
        "the namespace controller deletes what was left",
    )


def test_pods_and_replica_sets_come_and_go(cluster: Cluster) -> None:
    name = namespace(cluster, campaign())
    deployment = made(cluster, name, "deployments")
    sets = f"/apis/apps/v1/namespaces/{name}/replicasets"
    wait(lambda: bool(cluster.get(sets)["items"]), "the Deployment's ReplicaSet")
    (one,) = cluster.get(sets)["items"]
    assert refusal(cluster, f"{sets}/{one['metadata']['name']}") == "", "controllers do their work under a hold as well"
    pod = f"/api/v1/namespaces/{name}/pods/p"
    document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": name}, "spec": POD["spec"]}
    wait(lambda: cluster.find(f"/api/v1/namespaces/{name}/serviceaccounts/default") is not None, "the service account")
    cluster.apply(pod, document)
    assert refusal(cluster, pod) == ""
    assert cluster.find(deployment) is not None


def test_it_may_be_changed_under_its_name(cluster: Cluster) -> None:
    path = made(cluster, namespace(cluster, campaign()), "deployments")
    changed = cluster.get(path)
    changed["spec"]["replicas"] = 3
    del changed["metadata"]["managedFields"]
    assert cluster.apply(path, changed)["spec"]["replicas"] == 3


@pytest.mark.parametrize("plural", GUARDED)
def test_other_namespaces_are_not_concerned(cluster: Cluster, plural: str) -> None:
    name = f"other-{plural}"
    path = cluster.namespace(name)
    assert refusal(cluster, made(cluster, name, plural)) == ""
    assert refusal(cluster, path) == ""


def test_a_label_on_the_object_itself_is_not_asked_for(cluster: Cluster) -> None:
    """The namespace says whose it is: an object without labels in a campaign's namespace may hold mail as well."""
    path = made(cluster, namespace(cluster, campaign()), "persistentvolumeclaims")
    assert "labels" not in cluster.get(path)["metadata"]
    with pytest.raises(ApiError, match="may be queued"):
        cluster.api.delete(path, "Background")
