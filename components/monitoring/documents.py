"""Configuration files of Prometheus, Alertmanager and Grafana as plain data. Pure."""

from __future__ import annotations

import json
from typing import Any

from components.monitoring.inhibitions import inhibit_rules
from components.monitoring.routes import receivers, route
from warmlane import labels, names

Document = dict[str, Any]

SCRAPE_SECONDS = 15
SERIES_LIMIT = 300
"""Series of one sender; a scrape with more is refused as a whole (`docs/runbook.md`, SenderDown)."""
PROMETHEUS_RULES = "/etc/prometheus/rules"


def _service_label(label: str) -> str:
    """Prometheus' name for a Service's label."""
    return "__meta_kubernetes_service_label_" + "".join(char if char.isalnum() else "_" for char in label)


def sender_job() -> Document:
    """The scrape job `email_senders`.

    Targets are found by the Services' labels. Whose numbers they are is told by the Service (Pulumi's) and never by the
    sender itself, and a Service that names another campaign than its namespace's is not scraped: one campaign can't
    speak for another.
    """
    campaign = _service_label(labels.CAMPAIGN)
    return {
        "job_name": names.SCRAPE_JOB,
        "honor_labels": False,
        "scrape_timeout": "10s",
        "sample_limit": SERIES_LIMIT,
        "label_limit": 30,
        "label_value_length_limit": 200,
        "body_size_limit": "1MB",
        "kubernetes_sd_configs": [{"role": "endpointslice"}],
        "relabel_configs": [
            {
                "source_labels": [_service_label("app.kubernetes.io/name")],
                "regex": "email-sender",
                "action": "keep",
            },
            {"source_labels": ["__meta_kubernetes_endpointslice_port_name"], "regex": "metrics", "action": "keep"},
            {
                "source_labels": [campaign],
                "regex": "(.+)",
                "replacement": f"{names.NAMESPACE_PREFIX}$1",
                "target_label": "__tmp_namespace",
            },
            {
                "source_labels": ["__meta_kubernetes_namespace"],
                "target_label": "__tmp_namespace",
                "action": "keepequal",
            },
            {"source_labels": [campaign], "target_label": "campaign"},
            {"source_labels": [_service_label(labels.LANE)], "target_label": "lane"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
        ],
        "metric_relabel_configs": [{"regex": "exported_.+", "action": "labeldrop"}],
    }


def prometheus_config(environment_name: str) -> Document:
    """`prometheus.yml`."""
    return {
        "global": {
            "scrape_interval": f"{SCRAPE_SECONDS}s",
            "evaluation_interval": f"{SCRAPE_SECONDS}s",
            "external_labels": {"environment": environment_name},
        },
        "rule_files": [f"{PROMETHEUS_RULES}/*.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]},
        "scrape_configs": [
            sender_job(),
            {"job_name": "prometheus", "static_configs": [{"targets": ["localhost:9090"]}]},
            {"job_name": "alertmanager", "static_configs": [{"targets": ["alertmanager:9093"]}]},
        ],
    }


def alertmanager_config() -> Document:
    """`alertmanager.yml`: alerts are gathered by cause and kept for people to look at; nothing is sent outside."""
    return {"route": route(), "receivers": receivers(), "inhibit_rules": inhibit_rules()}


def grafana_datasources() -> Document:
    """Grafana's one datasource, by the uid that the dashboard names as its default."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "uid": "prometheus",
                "type": "prometheus",
                "access": "proxy",
                "url": "http://prometheus:9090",
                "isDefault": True,
                "editable": False,
                "jsonData": {"timeInterval": f"{SCRAPE_SECONDS}s"},
            }
        ],
    }


def grafana_dashboard_provider(folder: str) -> Document:
    """Where Grafana finds its dashboards."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "warmlane",
                "folder": "Warmlane",
                "type": "file",
                "allowUiUpdates": False,
                "options": {"path": folder},
            }
        ],
    }


def text(document: Document) -> str:
    """A document as it stands in a ConfigMap. JSON is YAML, and it needs no quoting rules of its own."""
    return json.dumps(document, indent=2) + "\n"
