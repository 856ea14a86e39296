"""What the origin wrote stands in the cluster, field by field."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.cluster import Cluster
from tests.acceptance.conftest import CAMPAIGNS
from warmlane import names

pytestmark = pytest.mark.lab

ORIGIN = Path(__file__).with_name("origin_manifests.yaml")
MONITORING = "/api/v1/namespaces/warmlane-monitoring"
KEYS = ("name", "containerPort", "port")
"""What tells the entries of a manifest's lists apart."""


def of_campaign(text: str, campaign: str) -> list[dict[str, Any]]:
    """The origin's documents with the campaign's id instead of x."""
    named = re.sub(r"(?<=-)x\b|\"x\"", lambda found: campaign if found[0] == "x" else f'"{campaign}"', text)
    return list(yaml.safe_load_all(named))


def missing(expected: Any, live: Any, path: str = "") -> list[str]:
    """Every field of `expected` that `live` lacks or has otherwise; the image is judged elsewhere."""
    if path.endswith(".image"):
        return []
    if isinstance(expected, dict):
        here = live if isinstance(live, dict) else {}
        return [line for key, value in expected.items() for line in missing(value, here.get(key), f"{path}.{key}")]
    if isinstance(expected, list):
        lines = list[str]()
        for item in expected:
            key = next(key for key in KEYS if key in item)
            twin = next((other for other in live or [] if other.get(key) == item[key]), None)
            lines += missing(item, twin, f"{path}[{item[key]}]")
        return lines
    return [] if expected == live else [f"{path}: the origin has {expected!r}, the cluster {live!r}"]


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_every_field_of_the_origin_is_there(cluster: Cluster, campaign: str) -> None:
    deployment, service, _ = of_campaign(ORIGIN.read_text(), campaign)
    space = names.namespace(campaign)
    for manifest, collection in ((deployment, "apis/apps/v1"), (service, "api/v1")):
        plural = manifest["kind"].lower() + "s"
        live = cluster.get(f"/{collection}/namespaces/{space}/{plural}/{manifest['metadata']['name']}")
        assert missing(manifest, live) == []


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_images_are_named_by_digest(cluster: Cluster, campaign: str) -> None:
    path = f"/apis/apps/v1/namespaces/{names.namespace(campaign)}/deployments/{names.deployment(campaign)}"
    containers = cluster.get(path)["spec"]["template"]["spec"]["containers"]
    assert all(re.search(r"@sha256:[0-9a-f]{64}$", container["image"]) for container in containers)


def test_prometheus_scrapes_every_sender_under_the_origins_job(cluster: Cluster) -> None:
    job = of_campaign(ORIGIN.read_text(), "x")[2]["scrape_configs"][0]["job_name"]
    answer = cluster.get(f"{MONITORING}/services/prometheus:9090/proxy/api/v1/targets?state=active")
    targets = [target for target in answer["data"]["activeTargets"] if target["labels"]["job"] == job]
    assert {target["labels"]["campaign"] for target in targets} == set(CAMPAIGNS)
    assert {target["health"] for target in targets} == {"up"}, [target.get("lastError") for target in targets]


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_the_origins_target_answers_from_the_prometheus_pod(cluster: Cluster, campaign: str) -> None:
    pods = cluster.get(f"{MONITORING}/pods?labelSelector=app.kubernetes.io%2Fname%3Dprometheus")["items"]
    host = names.service_host(campaign)
    request = f"GET /metrics HTTP/1.0\\r\\nHost: {host}\\r\\n\\r\\n"
    script = f"exec 3<>/dev/tcp/{host}/{names.METRICS_PORT}; printf '{request}' >&3; cat <&3"
    pod = pods[0]["metadata"]["name"]
    answer = cluster.kubectl("exec", "-n", names.MONITORING_NAMESPACE, pod, "--", "bash", "-c", script)
    assert "200 OK" in answer.splitlines()[0] and "sender_deliveries_total" in answer


def test_the_scrape_configuration_discovers_instead_of_listing(cluster: Cluster) -> None:
    answer = cluster.get(f"{MONITORING}/services/prometheus:9090/proxy/api/v1/status/config")
    jobs = {job["job_name"]: job for job in yaml.safe_load(answer["data"]["yaml"])["scrape_configs"]}
    job = jobs[names.SCRAPE_JOB]
    assert "kubernetes_sd_configs" in job and "static_configs" not in job, json.dumps(job)
