"""The store asks for its password over the network, keeps its data, and no sender reaches it."""

from __future__ import annotations

import json

import pytest

from cli.cluster import Cluster
from cli.outcome import WorldFailed
from components.store import PORT
from lab import settings
from tests.acceptance import probes
from tests.acceptance.conftest import CAMPAIGNS
from tests.acceptance.probes import Target
from warmlane import names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

WHERE = ("-n", names.PLATFORM_NAMESPACE)


def sql(cluster: Cluster, statement: str, password: str | None = None) -> str:
    """What the store answers: by its socket, or with a password over TCP."""
    over = ["env", f"PGPASSWORD={password}", "psql", "-h", "127.0.0.1"] if password is not None else ["psql"]
    words = [*over, "-U", "postgres", "-tA", "-v", "ON_ERROR_STOP=1", "-c", statement]
    socket = [] if password is not None else ["env", "PGHOST=/var/run/store"]
    return cluster.kubectl("exec", *WHERE, f"deployment/{names.STORE}", "--", *socket, *words, seconds=30).strip()


def test_a_connection_over_the_network_needs_the_password(cluster: Cluster) -> None:
    password = json.loads(settings.SECRETS_FILE.read_text())["store_superuser"]
    assert sql(cluster, "select 1", password) == "1"
    with pytest.raises(WorldFailed, match="password authentication failed"):
        sql(cluster, "select 1", "wrong")


def test_data_outlive_the_pod(cluster: Cluster) -> None:
    sql(cluster, "create table if not exists acceptance (seen int); insert into acceptance values (7)")
    try:
        cluster.kubectl("delete", "pod", *WHERE, "-l", "app.kubernetes.io/name=store", seconds=90)
        cluster.kubectl("rollout", "status", *WHERE, f"deployment/{names.STORE}", "--timeout=60s", seconds=70)
        assert sql(cluster, "select seen from acceptance") == "7"
    finally:
        sql(cluster, "drop table acceptance")


def test_no_sender_reaches_the_store(cluster: Cluster) -> None:
    service = cluster.get(f"/api/v1/namespaces/{names.PLATFORM_NAMESPACE}/services/{names.STORE}")
    target = Target("the store", service["spec"]["clusterIP"], PORT, names.PLATFORM_NAMESPACE)
    for campaign in CAMPAIGNS:
        assert probes.tried(cluster, campaign, [target])[target] != "open"


def test_the_password_is_nowhere_but_in_the_secret(cluster: Cluster) -> None:
    password = json.loads(settings.SECRETS_FILE.read_text())["store_superuser"]
    states = [path for path in settings.PULUMI_BACKEND.rglob("*.json") if password in path.read_text()]
    assert states == []
    kinds = "configmaps,deployments,pods,events"
    assert password not in cluster.kubectl("get", kinds, "-A", "-o", "json", seconds=60)
    log = cluster.kubectl("logs", *WHERE, f"deployment/{names.STORE}")
    assert log and password not in log
