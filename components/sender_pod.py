"""The pod of a sender as a manifest: a pure function of the committed config.

Nothing in it waits for a deployed value, so the policy pack judges all of it in preview; the one value that may not be
known yet, the lane's address, reaches the pod as a mounted file.
"""

from __future__ import annotations

from typing import Any

from components.egress.placement import placement
from warmlane import labels, names, sizing
from warmlane.campaign import Campaign, Spool
from warmlane.environment import Environment
from warmlane.handover import EXPORTED_DIRECTORY, GRACE_SECONDS
from warmlane.sender_config import CONFIG_DIRECTORY, IDENTITY_DIRECTORY, SPOOL_DIRECTORY

Manifest = dict[str, Any]

GATE_UID = 101
"""uid and gid of `postfix` in the sender's image: the gate reads the queue as Postfix's own user."""
POSTFIX_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")
"""What Postfix's master needs to start its processes under their own users; all within Pod Security `baseline`."""
RUNTIME_MIB = 16

LOGS, RUNTIME, CONFIG, IDENTITY = "logs", "runtime", "config", "identity"
SUBMISSION, STORE, HOLD, EXPORTED = "submission", "store", "hold", "exported"


def pod_template(campaign: Campaign, environment: Environment, lane_id: str) -> Manifest:
    """`spec.template` of the sender's workload. Raises ValueError when no sender image is named."""
    return {
        "metadata": {"labels": labels.campaign(campaign.id, lane_id, "sender")},
        "spec": _pod_spec(campaign, environment, lane_id),
    }


def selector(campaign_id: str) -> dict[str, str]:
    """The label by which workload, Services, budget and policies know the sender's pods: the origin's, alone."""
    return {"app": names.app(campaign_id)}


def _pod_spec(campaign: Campaign, environment: Environment, lane_id: str) -> Manifest:
    image = campaign.sender.image or (environment.images.sender if environment.images else None)
    if image is None:
        raise ValueError(f"campaign {campaign.id}: neither it nor its environment names a sender image")
    where = placement(environment, lane_id)
    spec: Manifest = {
        "serviceAccountName": names.SENDER_SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "containers": [_postfix(campaign, image), _gate(campaign, image)],
        "volumes": _volumes(campaign, environment),
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


def _postfix(campaign: Campaign, image: str) -> Manifest:
    """Postfix. Its probes ask for its own greeting: a sender that is held, or has no way out, stays ready."""
    check = {"tcpSocket": {"port": names.SMTP_PORT}}
    return {
        "name": sizing.POSTFIX,
        "image": image,
        "command": ["warmlane-postfix"],
        "env": [{"name": "CAMPAIGN_ID", "value": campaign.id}],
        "ports": [{"name": "smtp", "containerPort": names.SMTP_PORT, "protocol": "TCP"}],
        "resources": _resources(campaign, sizing.POSTFIX),
        # Postfix's master starts as root and refuses anything else (master(8)).
        "securityContext": _confined({"runAsUser": 0, "runAsNonRoot": False}, POSTFIX_CAPABILITIES),
        "startupProbe": check | {"periodSeconds": 1, "failureThreshold": 60},
        "readinessProbe": check | {"periodSeconds": 10, "timeoutSeconds": 3},
        "livenessProbe": check | {"periodSeconds": 30, "failureThreshold": 5},
        "volumeMounts": [
            *_queues(campaign),
            {"name": LOGS, "mountPath": "/var/log/warmlane"},
            {"name": RUNTIME, "mountPath": "/run/warmlane"},
            {"name": CONFIG, "mountPath": CONFIG_DIRECTORY, "readOnly": True},
            {"name": IDENTITY, "mountPath": IDENTITY_DIRECTORY, "readOnly": True},
            {"name": SUBMISSION, "mountPath": "/etc/warmlane/submission", "readOnly": True},
        ],
    }


def _gate(campaign: Campaign, image: str) -> Manifest:
    """The gate: lets mail in and out of the queue, and never sees the submission's secret."""
    check = {"httpGet": {"path": "/healthz", "port": names.METRICS_PORT}}
    ports = {"metrics": names.METRICS_PORT, "handover": names.SIBLINGS_PORT}
    return {
        "name": sizing.GATE,
        "image": image,
        "command": ["warmlane-gate"],
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()],
        "resources": _resources(campaign, sizing.GATE),
        "securityContext": _confined({"runAsUser": GATE_UID, "runAsGroup": GATE_UID, "runAsNonRoot": True}),
        "readinessProbe": check | {"periodSeconds": 10},
        "livenessProbe": check | {"periodSeconds": 30},
        "volumeMounts": [
            *_queues(campaign),
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


def _resources(campaign: Campaign, container: str) -> Manifest:
    return sizing.containers(campaign.sender.size, campaign.spool)[container].resources()


def _queues(campaign: Campaign) -> list[Manifest]:
    """Where both containers have the queue, and what siblings without one left. Postfix's container, which is root,
    gives the volumes to whom they belong: Postfix suffers no `fsGroup` on its queue."""
    mounts = [{"name": names.SPOOL_CLAIM, "mountPath": SPOOL_DIRECTORY}]
    if campaign.spool is Spool.HANDOVER:
        mounts.append({"name": EXPORTED, "mountPath": EXPORTED_DIRECTORY})
    return mounts


def _volumes(campaign: Campaign, environment: Environment) -> list[Manifest]:
    """Mounted as directories, never by subPath: only those follow a change."""
    return [
        *_queue_volumes(campaign, environment),
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


def _queue_volumes(campaign: Campaign, environment: Environment) -> list[Manifest]:
    if campaign.spool is Spool.PERSISTENT:
        # The StatefulSet's template of claims gives each pod its own.
        return []
    return [
        {"name": names.SPOOL_CLAIM, "emptyDir": {"sizeLimit": f"{sizing.spool_mib(campaign, environment)}Mi"}},
        {"name": EXPORTED, "persistentVolumeClaim": {"claimName": names.EXPORTED_CLAIM}},
    ]
