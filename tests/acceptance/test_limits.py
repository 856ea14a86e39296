"""Quota and limits of a campaign's namespace, as the API server holds them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from cli.cluster import Cluster
from tests.acceptance.conftest import CAMPAIGNS
from warmlane import names
from warmlane.sizing import GATE, POSTFIX, SENDER_SIZES

pytestmark = pytest.mark.lab


def pod(campaign: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    containers = [
        {"name": f"c{number}", "image": "pause@sha256:" + "5e" * 32, "resources": each}
        for number, each in enumerate(resources)
    ]
    metadata = {"name": "acceptance", "namespace": names.namespace(campaign)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}


def asked(cluster: Cluster, manifest: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """The API server's answer to a creation that is not carried out; admission judges it all the same."""
    command = ["kubectl", "--context", cluster.context, "create", "--dry-run=server", "-o", "json", "-f", "-"]
    return subprocess.run(
        command, env=cluster.variables, input=json.dumps(manifest), capture_output=True, text=True, timeout=30
    )


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_a_pod_over_the_quota_is_refused(cluster: Cluster, campaign: str) -> None:
    most = SENDER_SIZES["small"][POSTFIX].resources()
    answer = asked(cluster, pod(campaign, [most] * 6))
    assert answer.returncode != 0 and "exceeded quota: campaign-quota" in answer.stderr, answer.stderr


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_a_container_above_the_maximum_is_refused(cluster: Cluster, campaign: str) -> None:
    huge = {"limits": {"memory": "64Gi", "cpu": "1", "ephemeral-storage": "1Mi"}}
    answer = asked(cluster, pod(campaign, [huge]))
    assert answer.returncode != 0 and "maximum memory usage per Container" in answer.stderr, answer.stderr


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_a_container_without_limits_gets_the_defaults(cluster: Cluster, campaign: str) -> None:
    answer = asked(cluster, pod(campaign, [{}]))
    assert answer.returncode == 0, answer.stderr
    given = json.loads(answer.stdout)["spec"]["containers"][0]["resources"]
    assert given == SENDER_SIZES["small"][GATE].resources()
