"""The store asks for passwords over the network, keeps its data, and lets each campaign in by its own role."""

from __future__ import annotations

import json

import pytest

from cli.cluster import Cluster
from cli.outcome import WorldFailed
from lab import settings
from services.store import roles
from tests.acceptance.conftest import CAMPAIGNS, sender_pods
from warmlane import labels, names

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


SCRIPT = """
import json, sys
import psycopg
given = json.load(sys.stdin)
password = open("/etc/warmlane/store/password").read()
def lanes(user):
    try:
        with psycopg.connect(host=given["host"], port=given["port"], dbname=given["database"], user=user,
                             password=password, connect_timeout=5) as connection:
            return [row[0] for row in connection.execute("select lane from lanes")]
    except psycopg.OperationalError as error:
        return str(error)
json.dump([lanes(user) for user in given["users"]], sys.stdout)
"""


@pytest.mark.parametrize(("campaign", "other"), [CAMPAIGNS, CAMPAIGNS[::-1]])
def test_a_sender_reaches_the_store_and_sees_its_own_lane_alone(cluster: Cluster, campaign: str, other: str) -> None:
    given = {
        "host": names.STORE_HOST,
        "port": names.STORE_PORT,
        "database": names.STORE_DATABASE,
        "users": [roles.campaign_role(campaign), roles.campaign_role(other), "postgres"],
    }
    pod = sender_pods(cluster, campaign)[0]["metadata"]["name"]
    own, others, owner = cluster.python(names.namespace(campaign), pod, SCRIPT, given, container="gate", seconds=60)
    lane = pod_lane(cluster, campaign)
    assert own == [lane]
    assert "password authentication failed" in others and "pg_hba.conf rejects" in owner


def pod_lane(cluster: Cluster, campaign: str) -> str:
    """The lane that the campaign's pods are labelled with."""
    return str(sender_pods(cluster, campaign)[0]["metadata"]["labels"][labels.LANE])
