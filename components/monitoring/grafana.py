"""Grafana, with its datasource and dashboard provisioned. Declared only where the environment names an image."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from components import workload
from components.monitoring import artifacts, documents
from warmlane import labels, names
from warmlane.isolation import GRAFANA_PORT

NAME = "grafana"
GRAFANA_USER = 472
"""The user that Grafana's own images run as."""
DASHBOARDS = "/etc/grafana/dashboards"
ADMIN = "/etc/grafana/admin"

_ENVIRONMENT = {
    "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{ADMIN}/password",
    "GF_PATHS_DATA": "/var/lib/grafana",
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_USERS_ALLOW_SIGN_UP": "false",
}


def config_files() -> dict[str, dict[str, str]]:
    """By ConfigMap, Grafana's provisioning files and dashboards."""
    return {
        "grafana-datasources": {"prometheus.yaml": documents.text(documents.grafana_datasources())},
        "grafana-provider": {"warmlane.yaml": documents.text(documents.grafana_dashboard_provider(DASHBOARDS))},
        "grafana-dashboards": {file.name: file.read_text() for file in artifacts.DASHBOARD_FILES.values()},
    }


_MOUNTS = {
    "grafana-datasources": "/etc/grafana/provisioning/datasources",
    "grafana-provider": "/etc/grafana/provisioning/dashboards",
    "grafana-dashboards": DASHBOARDS,
}


def grafana(
    name: str,
    *,
    environment_name: str,
    image: str,
    admin_password: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> kubernetes.core.v1.Service:
    """Declares Grafana and returns its Service. `opts` carries what must exist before the pod."""
    marks = labels.platform(NAME, "monitoring", environment_name)
    metadata = {"namespace": names.MONITORING_NAMESPACE, "labels": marks}
    files = config_files()
    first: list[pulumi.Resource] = [
        kubernetes.core.v1.ConfigMap(f"{name}-{config}", metadata={**metadata, "name": config}, data=data, opts=opts)
        for config, data in files.items()
    ]
    first.append(
        kubernetes.core.v1.Secret(
            f"{name}-grafana-admin",
            metadata={**metadata, "name": "grafana-admin"},
            string_data={"password": pulumi.Output.secret(admin_password)},
            opts=opts,
        )
    )
    mounts = [{"name": config, "mountPath": path, "readOnly": True} for config, path in _MOUNTS.items()]
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": workload.pod_security(GRAFANA_USER),
        "containers": [
            {
                "name": NAME,
                "image": image,
                "env": [{"name": key, "value": value} for key, value in _ENVIRONMENT.items()],
                "ports": [{"name": "http", "containerPort": GRAFANA_PORT, "protocol": "TCP"}],
                "readinessProbe": workload.http_probe("/api/health", "http", periodSeconds=10),
                "livenessProbe": workload.http_probe(
                    "/api/health", "http", initialDelaySeconds=60, periodSeconds=30, failureThreshold=5
                ),
                "resources": workload.resources("50m", "256Mi", "256Mi"),
                "securityContext": workload.CONTAINER_SECURITY,
                "volumeMounts": [
                    *mounts,
                    {"name": "admin", "mountPath": ADMIN, "readOnly": True},
                    {"name": "data", "mountPath": "/var/lib/grafana"},
                    {"name": "tmp", "mountPath": "/tmp"},
                ],
            }
        ],
        "volumes": [
            *(workload.config_volume(config, config) for config in _MOUNTS),
            {"name": "admin", "secret": {"secretName": "grafana-admin", "defaultMode": 0o440}},
            {"name": "data", "emptyDir": {"sizeLimit": "128Mi"}},
            {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
        ],
    }
    plain = {f"{config}/{file}": text for config, data in files.items() for file, text in data.items()}
    deployment = kubernetes.apps.v1.Deployment(
        f"{name}-grafana",
        metadata={**metadata, "name": NAME},
        spec=workload.deployment_spec(marks, workload.config_annotation(plain), pod),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=first)),
    )
    return kubernetes.core.v1.Service(
        f"{name}-grafana-service",
        metadata={**metadata, "name": NAME},
        spec=workload.service_spec(marks, GRAFANA_PORT),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[deployment])),
    )
