"""Alertmanager: configuration, workload and Service."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from components import workload
from components.monitoring import documents
from warmlane import labels, names
from warmlane.isolation import ALERTMANAGER_PORT

NAME = "alertmanager"


def alertmanager(
    name: str, *, environment_name: str, image: str, opts: pulumi.ResourceOptions
) -> kubernetes.core.v1.Service:
    """Declares Alertmanager and returns its Service. `opts` carries what must exist before the pod."""
    marks = labels.platform(NAME, "monitoring", environment_name)
    metadata = {"namespace": names.MONITORING_NAMESPACE, "labels": marks}
    config = {"alertmanager.yml": documents.text(documents.alertmanager_config())}
    config_map = kubernetes.core.v1.ConfigMap(
        f"{name}-alertmanager-config", metadata={**metadata, "name": "alertmanager-config"}, data=config, opts=opts
    )
    pod = {
        "automountServiceAccountToken": False,
        "securityContext": workload.pod_security(workload.NOBODY),
        "containers": [
            {
                "name": NAME,
                "image": image,
                "command": [
                    "/usr/bin/prometheus-alertmanager",
                    "--config.file=/etc/alertmanager/config/alertmanager.yml",
                    "--storage.path=/alertmanager",
                    f"--web.listen-address=:{ALERTMANAGER_PORT}",
                    # One replica: without this it looks for peers and needs a port of its own.
                    "--cluster.listen-address=",
                ],
                "ports": [{"name": "http", "containerPort": ALERTMANAGER_PORT, "protocol": "TCP"}],
                "readinessProbe": workload.http_probe("/-/ready", "http", periodSeconds=5),
                "livenessProbe": workload.http_probe("/-/healthy", "http", periodSeconds=30, failureThreshold=5),
                "resources": workload.resources("20m", "128Mi", "128Mi"),
                "securityContext": workload.CONTAINER_SECURITY,
                "volumeMounts": [
                    {"name": "config", "mountPath": "/etc/alertmanager/config", "readOnly": True},
                    {"name": "data", "mountPath": "/alertmanager"},
                ],
            }
        ],
        "volumes": [
            workload.config_volume("config", "alertmanager-config"),
            {"name": "data", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }
    deployment = kubernetes.apps.v1.Deployment(
        f"{name}-alertmanager",
        metadata={**metadata, "name": NAME},
        spec=workload.deployment_spec(marks, workload.config_annotation(config), pod),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[config_map])),
    )
    return kubernetes.core.v1.Service(
        f"{name}-alertmanager-service",
        metadata={**metadata, "name": NAME},
        spec=workload.service_spec(marks, ALERTMANAGER_PORT),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[deployment])),
    )
