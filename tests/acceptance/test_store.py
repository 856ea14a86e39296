"""The store asks for passwords over the network, keeps its data, and lets each campaign in by its own role."""

from __future__ import annotations

import base64
import json

import pytest

from cli.cluster import Cluster
from cli.outcome import WorldFailed
from lab import settings
from services.store import roles
from tests.acceptance.conftest import CAMPAIGNS, sender_pods
from warmlane import labels, names, store_access

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


def in_a_secret(value: str) -> str:
    """A value as the API server shows it in a Secret."""
    return base64.b64encode(value.encode()).decode()


def derived(key: str) -> list[str]:
    """Every secret that is made of the store's key, as far as these campaigns have it."""
    keys = json.loads(store_access.suppression_keys(key, ["1"]))
    return [
        key,
        *(store_access.role_password(key, campaign) for campaign in CAMPAIGNS),
        *(each["key"] for each in keys),
    ]


def test_no_secret_of_the_store_is_anywhere_but_in_secrets(cluster: Cluster) -> None:
    known = json.loads(settings.SECRETS_FILE.read_text())
    planted = [known["store_superuser"], *derived(known["store_key"])]
    forms = [form for secret in planted for form in (secret, in_a_secret(secret))]
    mounted = cluster.kubectl("get", "secrets", "-A", "-o", "json", seconds=60)
    there = [store_access.role_password(known["store_key"], campaign) for campaign in CAMPAIGNS]
    assert all(in_a_secret(secret) in mounted for secret in there), "the positive control: Secrets do hold them"
    assert known["store_key"] not in mounted and in_a_secret(known["store_key"]) not in mounted
    states = {path: path.read_text() for path in settings.PULUMI_BACKEND.rglob("*.json")}
    assert [path for path, text in states.items() if any(form in text for form in forms)] == []
    kinds = "configmaps,deployments,pods,events"
    objects = cluster.kubectl("get", kinds, "-A", "-o", "json", seconds=60)
    assert [form for form in forms if form in objects] == []
    spaces = [names.namespace(campaign) for campaign in CAMPAIGNS]
    logs = [
        *(
            cluster.kubectl("logs", *WHERE, f"deployment/{names.STORE}", "-c", part)
            for part in ("postgresql", "keeper")
        ),
        *(
            cluster.kubectl("logs", "-n", space, f"deployment/{names.deployment(campaign)}", "--all-containers")
            for space, campaign in zip(spaces, CAMPAIGNS, strict=True)
        ),
    ]
    assert all(logs) and [form for form in forms for log in logs if form in log] == []
