"""The sender's Deployment and Service as manifests: pure functions of the committed config.

Nothing in them waits for a deployed value, so the policy pack judges all of it in preview; the one value that may not
be known yet, the lane's address, reaches the pod as a mounted file.
"""

from __future__ import annotations

from typing import Any

from components.egress.placement import placement
from warmlane import labels, names, sizing
from warmlane.campaign import Campaign
from warmlane.environment import Environment
from warmlane.sender_config import CONFIG_DIRECTORY, IDENTITY_DIRECTORY

Manifest = dict[str, Any]

GATE_UID = 101
"""uid and gid of `postfix` in the sender's image: the gate reads the queue as Postfix's own user."""
POSTFIX_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
"""What Postfix's master needs to start its processes under their own users; all within Pod Security `baseline`."""
GRACE_SECONDS = 45
"""Postfix ends open transactions within 30 s; the rest is the supervisor's."""
ROLLOUT_SECONDS = 300
"""After this time without a new ready pod a rollout has failed."""
RUNTIME_MIB = 16

SPOOL, LOGS, RUNTIME, CONFIG, IDENTITY = "spool", "logs", "runtime", "config", "identity"
SUBMISSION, STORE, HOLD = "submission", "store", "hold"


def deployment_spec(campaign: Campaign, environment: Environment, lane_id: str) -> Manifest:
    """`spec` of the sender's Deployment. Raises ValueError when no sender image is named."""
    return {
        "replicas": campaign.sender.replicas,
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": ROLLOUT_SECONDS,
        "selector": {"matchLabels": selector(campaign.id)},
        # A ready pod goes only when its successor is ready, so that a producer never finds the door shut.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": sizing.SURGE}},
        "template": {
            "metadata": {"labels": labels.campaign(campaign.id, lane_id, "sender")},
            "spec": _pod_spec(campaign, environment, lane_id),
        },
    }


def service_spec(campaign_id: str) -> Manifest:
    """`spec` of the sender's Service: submission for producers, metrics for Prometheus; inside the cluster only."""
    ports = {"smtp": names.SMTP_PORT, "metrics": names.METRICS_PORT}
    return {
        "type": "ClusterIP",
        "selector": selector(campaign_id),
        "ports": [{"name": name, "protocol": "TCP", "port": port, "targetPort": port} for name, port in ports.items()],
    }


def selector(campaign_id: str) -> dict[str, str]:
    """The label by which Deployment, Service, budget and policies know the sender's pods: the origin's, alone."""
    return {"app": names.app(campaign_id)}


def _pod_spec(campaign: Campaign, environment: Environment, lane_id: str) -> Manifest:
    image = campaign.sender.image or (environment.images.sender if environment.images else None)
    if image is None:
        raise ValueError(f"campaign {campaign.id}: neither it nor its environment names a sender image")
    where, size = placement(environment, lane_id), campaign.sender.size
    spec: Manifest = {
        "serviceAccountName": names.SENDER_SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "containers": [_postfix(campaign.id, image, size), _gate(image, size)],
        "volumes": _volumes(size),
        # A wish, not a rule: on a cluster of one node, or with a node down, mail goes on.
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": selector(campaign.id)},
            }
        ],
    }
    if where.node_selector:
        spec["nodeSelector"] = where.node_selector
    if where.tolerations:
        spec["tolerations"] = where.tolerations
    if environment.cluster.user_namespaces:
        spec["hostUsers"] = False
    return spec


def _postfix(campaign_id: str, image: str, size: str) -> Manifest:
    """Postfix. Its probes ask for its own greeting: a sender that is held, or has no way out, stays ready."""
    check = {"tcpSocket": {"port": names.SMTP_PORT}}
    return {
        "name": sizing.POSTFIX,
        "image": image,
        "command": ["warmlane-postfix"],
        "env": [{"name": "CAMPAIGN_ID", "value": campaign_id}],
        "ports": [{"name": "smtp", "containerPort": names.SMTP_PORT, "protocol": "TCP"}],
        "resources": sizing.SENDER_SIZES[size][sizing.POSTFIX].resources(),
        # Postfix's master starts as root and refuses anything else (master(8)).
        "securityContext": _confined({"runAsUser": 0, "runAsNonRoot": False}, POSTFIX_CAPABILITIES),
        "startupProbe": check | {"periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": check | {"periodSeconds": 10, "timeoutSeconds": 3},
        "livenessProbe": check | {"periodSeconds": 30, "failureThreshold": 5},
        "volumeMounts": [
            {"name": SPOOL, "mountPath": "/var/spool/postfix"},
            {"name": LOGS, "mountPath": "/var/log/warmlane"},
            {"name": RUNTIME, "mountPath": "/run/warmlane"},
            {"name": CONFIG, "mountPath": CONFIG_DIRECTORY, "readOnly": True},
            {"name": IDENTITY, "mountPath": IDENTITY_DIRECTORY, "readOnly": True},
            {"name": SUBMISSION, "mountPath": "/etc/warmlane/submission", "readOnly": True},
        ],
    }


def _gate(image: str, size: str) -> Manifest:
    """The gate: lets mail in and out of the queue, and never sees the submission's secret."""
    check = {"httpGet": {"path": "/healthz", "port": names.METRICS_PORT}}
    return {
        "name": sizing.GATE,
        "image": image,
        "command": ["warmlane-gate"],
        "ports": [{"name": "metrics", "containerPort": names.METRICS_PORT, "protocol": "TCP"}],
        "resources": sizing.SENDER_SIZES[size][sizing.GATE].resources(),
        "securityContext": _confined({"runAsUser": GATE_UID, "runAsGroup": GATE_UID, "runAsNonRoot": True}),
        "readinessProbe": check | {"periodSeconds": 10},
        "livenessProbe": check | {"periodSeconds": 30},
        "volumeMounts": [
            {"name": SPOOL, "mountPath": "/var/spool/postfix"},
            {"name": LOGS, "mountPath": "/var/log/warmlane"},
            {"name": CONFIG, "mountPath": CONFIG_DIRECTORY, "readOnly": True},
            {"name": IDENTITY, "mountPath": IDENTITY_DIRECTORY, "readOnly": True},
            {"name": STORE, "mountPath": "/etc/warmlane/store", "readOnly": True},
            {"name": HOLD, "mountPath": "/etc/warmlane/hold", "readOnly": True},
        ],
    }


def _confined(user: Manifest, capabilities: tuple[str, ...] = ()) -> Manifest:
    added = {"add": list(capabilities)} if capabilities else {}
    return user | {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]} | added,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _volumes(size: str) -> list[Manifest]:
    """Mounted as directories, never by subPath: only those follow a change."""
    return [
        {"name": SPOOL, "emptyDir": {"sizeLimit": f"{sizing.spool_mib(size)}Mi"}},
        {"name": LOGS, "emptyDir": {"sizeLimit": f"{sizing.LOGS_MIB}Mi"}},
        {"name": RUNTIME, "emptyDir": {"medium": "Memory", "sizeLimit": f"{RUNTIME_MIB}Mi"}},
        {"name": CONFIG, "configMap": {"name": names.SENDER_CONFIG_MAP}},
        {"name": IDENTITY, "configMap": {"name": names.SENDER_IDENTITY_CONFIG_MAP}},
        {"name": SUBMISSION, "secret": {"secretName": names.SUBMISSION_SECRET, "defaultMode": 0o400}},
        # Read by the gate, which is not root, as nothing in the pod has a group of its own for it.
        {"name": STORE, "secret": {"secretName": names.SENDER_STORE_SECRET, "defaultMode": 0o444}},
        # A person makes it, not this program; without it there is no hold.
        {"name": HOLD, "configMap": {"name": names.SENDER_HOLD_CONFIG_MAP, "optional": True}},
    ]
