"""One API server (with etcd and the controller manager, no node) that refuses what Warmlane has it refuse."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from lab import toolchain
from lab.standins.kubernetes.api import ApiError, Object
from tests.policies.engine.world import know_cilium
from tests.standins.kubernetes import api_server
from tests.standins.kubernetes.api_server import Cluster
from warmlane import labels, queued_mail

GROUP = "admissionregistration.k8s.io/v1"
SECONDS = 30


def namespace(cluster: Cluster, campaign: str, **annotations: str) -> str:
    """Makes a campaign's namespace and gives its name."""
    name = f"campaign-{campaign}"
    metadata = {"name": name, "labels": {labels.CAMPAIGN: campaign}, "annotations": annotations}
    cluster.apply(f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    return name


def refusal(cluster: Cluster, path: str, propagation: str = "Background") -> str:
    """Why the API server does not delete what is at a path; empty when it does."""
    try:
        cluster.api.delete(path, propagation)
    except ApiError as error:
        assert error.status == 403, str(error)
        return str(error)
    return ""


def put_in_force(cluster: Cluster) -> None:
    """Puts the policy in the cluster and waits until it refuses: the API server takes it up within a second or two."""
    for plural, kind, spec in (
        ("validatingadmissionpolicies", "ValidatingAdmissionPolicy", queued_mail.policy_spec()),
        ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", queued_mail.binding_spec()),
    ):
        wanted: Object = {"apiVersion": GROUP, "kind": kind, "metadata": {"name": queued_mail.POLICY}, "spec": spec}
        cluster.apply(f"/apis/{GROUP}/{plural}/{queued_mail.POLICY}", wanted)
    deadline, canary = time.monotonic() + SECONDS, "/api/v1/namespaces/campaign-canary"
    while True:
        namespace(cluster, "canary")
        if refusal(cluster, canary):
            return
        assert time.monotonic() < deadline, f"nothing was refused within {SECONDS} s"
        wait(lambda: cluster.find(canary) is None, "the canary's end")


def wait(ready: Callable[[], bool], what: str) -> None:
    """Waits until something is so."""
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS} s"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with api_server.running(toolchain.ensure(print), tmp_path_factory.mktemp("cluster")) as cluster:
        know_cilium(cluster)
        put_in_force(cluster)
        yield cluster
