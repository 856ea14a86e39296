"""Configuration of Prometheus, Alertmanager and Grafana: the programs' own checkers, and what must never change."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from components.monitoring import documents


def tool(name: str) -> str:
    found = shutil.which(name)
    assert found, f"{name} is needed: apt-get install prometheus prometheus-alertmanager"
    return found


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, text=True, capture_output=True)


def test_promtool_accepts_the_configuration(tmp_path: Path) -> None:
    config = documents.prometheus_config("dev")
    config["rule_files"] = []
    assert config["scrape_configs"][0].pop("kubernetes_sd_configs") == [{"role": "endpointslice"}], (
        "taken out for the check: Debian's promtool is built without Kubernetes discovery"
    )
    path = tmp_path / "prometheus.yml"
    path.write_text(documents.text(config))
    checked = run(tool("promtool"), "check", "config", "--lint=all", "--lint-fatal", "--syntax-only", str(path))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def relabelled(meta: dict[str, str]) -> dict[str, str] | None:
    """What the job's relabel rules make of a target; None if it is dropped. The few actions that the job uses."""
    found = dict(meta)
    for rule in documents.sender_job()["relabel_configs"]:
        value = ";".join(found.get(source, "") for source in rule["source_labels"])
        action = rule.get("action", "replace")
        if action == "keepequal":
            if value != found.get(rule["target_label"], ""):
                return None
            continue
        matched = re.fullmatch(rule.get("regex", "(.*)"), value)
        if action == "keep":
            if not matched:
                return None
        elif matched:
            found[rule["target_label"]] = matched.expand(rule.get("replacement", "$1").replace("$1", r"\1"))
    return {key: value for key, value in found.items() if not key.startswith("__")}


def target(**changes: str) -> dict[str, str]:
    return {
        "__meta_kubernetes_namespace": "campaign-spring-sale",
        "__meta_kubernetes_endpointslice_port_name": "metrics",
        "__meta_kubernetes_service_label_app_kubernetes_io_name": "email-sender",
        "__meta_kubernetes_service_label_warmlane_dev_campaign": "spring-sale",
        "__meta_kubernetes_service_label_warmlane_dev_lane": "amber",
        "__meta_kubernetes_pod_name": "email-sender-campaign-spring-sale-1-2",
        **{"__meta_kubernetes_" + key: value for key, value in changes.items()},
    }


def test_a_sender_is_labelled_by_its_service() -> None:
    assert relabelled(target(pod_label_warmlane_dev_campaign="newsletter")) == {
        "campaign": "spring-sale",
        "lane": "amber",
        "pod": "email-sender-campaign-spring-sale-1-2",
    }, "a pod's own labels say nothing about whose numbers these are"


@pytest.mark.parametrize(
    "meta",
    [
        target(namespace="campaign-newsletter"),
        target(namespace="spring-sale"),
        target(endpointslice_port_name="smtp"),
        target(service_label_app_kubernetes_io_name="other"),
        target(service_label_warmlane_dev_campaign=""),
    ],
    ids=["another campaign's namespace", "no campaign's namespace", "port 25", "another program", "no campaign"],
)
def test_what_is_no_sender_is_not_scraped(meta: dict[str, str]) -> None:
    assert relabelled(meta) is None


def test_a_sender_can_not_speak_for_another() -> None:
    job = documents.sender_job()
    assert job["job_name"] == "email_senders"
    assert job["honor_labels"] is False
    assert 0 < job["sample_limit"] <= 300
    assert not any(rule.get("action") in {"labelmap", "labelkeep"} for rule in job["relabel_configs"])
