"""Prometheus: configuration, volume, workload and Service."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from components import workload
from components.monitoring import alerts, artifacts, documents
from warmlane import labels, names
from warmlane.environment import Environment
from warmlane.isolation import PROMETHEUS_PORT

NAME = "prometheus"
DATA = "/prometheus"


def config_files(environment_name: str) -> dict[str, str]:
    """Files of the ConfigMap `prometheus-config`."""
    return {"prometheus.yml": documents.text(documents.prometheus_config(environment_name))}


def rule_files(environment: Environment) -> dict[str, str]:
    """Files of the ConfigMap `prometheus-rules`."""
    return {
        "email_senders.yaml": artifacts.RULES_FILE.read_text(),
        "environment.yaml": documents.text(
            alerts.environment_rules_document(environment.leases, environment.day_length)
        ),
    }


def arguments(environment: Environment) -> list[str]:
    """Prometheus' command line."""
    return [
        "/usr/bin/prometheus",
        "--config.file=/etc/prometheus/config/prometheus.yml",
        f"--storage.tsdb.path={DATA}",
        f"--storage.tsdb.retention.time={environment.monitoring.retention_days}d",
        f"--web.listen-address=:{PROMETHEUS_PORT}",
    ]


def prometheus(
    name: str, *, environment: Environment, environment_name: str, image: str, opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.Service:
    """Declares Prometheus and returns its Service. `opts` carries what must exist before the pod."""
    marks = labels.platform(NAME, "monitoring", environment_name)
    config, rules = config_files(environment_name), rule_files(environment)

    def metadata(object_name: str) -> dict[str, object]:
        return {"name": object_name, "namespace": names.MONITORING_NAMESPACE, "labels": marks}

    config_map = kubernetes.core.v1.ConfigMap(
        f"{name}-prometheus-config", metadata=metadata("prometheus-config"), data=config, opts=opts
    )
    rules_map = kubernetes.core.v1.ConfigMap(
        f"{name}-prometheus-rules", metadata=metadata("prometheus-rules"), data=rules, opts=opts
    )
    claim = kubernetes.core.v1.PersistentVolumeClaim(
        f"{name}-prometheus-data",
        metadata={**metadata("prometheus-data"), "annotations": workload.SKIP_AWAIT},
        spec=workload.claim_spec(environment.monitoring.storage, environment.monitoring.storage_class),
        opts=opts,
    )
    pod = {
        "serviceAccountName": "prometheus",
        # The one pod of the platform that talks to the API server: it finds its targets there.
        "automountServiceAccountToken": True,
        "terminationGracePeriodSeconds": 60,
        "securityContext": workload.pod_security(workload.NOBODY),
        "containers": [
            {
                "name": NAME,
                "image": image,
                "command": arguments(environment),
                "ports": [{"name": "http", "containerPort": PROMETHEUS_PORT, "protocol": "TCP"}],
                "startupProbe": workload.http_probe("/-/ready", "http", periodSeconds=2, failureThreshold=150),
                "readinessProbe": workload.http_probe("/-/ready", "http", periodSeconds=10),
                "livenessProbe": workload.http_probe("/-/healthy", "http", periodSeconds=30, failureThreshold=5),
                "resources": workload.resources("100m", "512Mi"),
                "securityContext": workload.CONTAINER_SECURITY,
                "volumeMounts": [
                    {"name": "config", "mountPath": "/etc/prometheus/config", "readOnly": True},
                    {"name": "rules", "mountPath": documents.PROMETHEUS_RULES, "readOnly": True},
                    {"name": "data", "mountPath": DATA},
                ],
            }
        ],
        "volumes": [
            workload.config_volume("config", "prometheus-config"),
            workload.config_volume("rules", "prometheus-rules"),
            {"name": "data", "persistentVolumeClaim": {"claimName": "prometheus-data"}},
        ],
    }
    deployment = kubernetes.apps.v1.Deployment(
        f"{name}-prometheus",
        metadata=metadata(NAME),
        spec=workload.deployment_spec(marks, workload.config_annotation({**config, **rules}), pod),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[config_map, rules_map, claim])),
    )
    return kubernetes.core.v1.Service(
        f"{name}-prometheus-service",
        metadata=metadata(NAME),
        spec=workload.service_spec(marks, PROMETHEUS_PORT),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[deployment])),
    )
