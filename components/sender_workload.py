"""What a sender is run and reached by, as manifests: a Deployment or a StatefulSet, two Services, a claim.

Pure functions of the committed config, as its pod is (components/sender_pod.py).
"""

from __future__ import annotations

from components import workload
from components.sender_pod import Manifest, pod_template, selector
from warmlane import labels, names, sizing
from warmlane.campaign import Campaign
from warmlane.environment import Environment
from warmlane.handover import GRACE_SECONDS

READY_SECONDS = 300
"""A new pod that is not ready by then never will be."""
ROLLOUT_SECONDS = GRACE_SECONDS + READY_SECONDS
"""After this time without progress a rollout has failed. A pod that hands its queue over takes its place in the quota
as long as it does, and the next one waits for that place."""


def timeouts(replicas: int) -> dict[str, str]:
    """How long Pulumi waits for a workload, which is 10 min by itself, and so less than one pod's grace.

    First pods start at once. In an update one pod after the other goes, each with its whole grace at worst; in a
    deletion all go at once, with no sibling to hand anything to.
    """
    seconds = {"create": ROLLOUT_SECONDS, "update": replicas * ROLLOUT_SECONDS, "delete": ROLLOUT_SECONDS}
    return {operation: f"{most}s" for operation, most in seconds.items()}


def deployment_spec(campaign: Campaign, environment: Environment, lane_id: str) -> Manifest:
    """`spec` of the Deployment under `spool: handover`. Raises ValueError when no sender image is named."""
    return {
        "replicas": campaign.sender.replicas,
        "revisionHistoryLimit": 3,
        "progressDeadlineSeconds": ROLLOUT_SECONDS,
        "selector": {"matchLabels": selector(campaign.id)},
        # A ready pod goes only when its successor is ready, so that a producer never finds the door shut.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": sizing.SURGE}},
        "template": pod_template(campaign, environment, lane_id),
    }


def stateful_set_spec(campaign: Campaign, environment: Environment, lane_id: str) -> Manifest:
    """`spec` of the StatefulSet under `spool: persistent`. Raises ValueError when no sender image is named."""
    storage, storage_class = sizing.spool_storage(campaign, environment), environment.spool.storage_class
    return {
        "replicas": campaign.sender.replicas,
        "revisionHistoryLimit": 3,
        "serviceName": names.siblings(campaign.id),
        # No pod waits for another's queue, only for its own volume.
        "podManagementPolicy": "Parallel",
        "updateStrategy": {"type": "RollingUpdate"},
        # What is on a volume was accepted: it outlives its pod, its number and its sender.
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "selector": {"matchLabels": selector(campaign.id)},
        "template": pod_template(campaign, environment, lane_id),
        "volumeClaimTemplates": [
            {
                # Nothing of a template can be changed later, so it says only what never does.
                "metadata": {"name": names.SPOOL_CLAIM, "labels": {labels.CAMPAIGN: campaign.id}},
                "spec": workload.claim_spec(storage, storage_class),
            }
        ],
    }


def exported_claim_spec(environment: Environment) -> Manifest:
    """`spec` of the claim on which pods without a sibling leave their queue, under `spool: handover`."""
    exported = environment.spool.exported
    return workload.claim_spec(exported.storage, exported.storage_class, exported.access_mode.value)


def service_spec(campaign_id: str) -> Manifest:
    """`spec` of the sender's Service: submission for producers, metrics for Prometheus; inside the cluster only."""
    ports = {"smtp": names.SMTP_PORT, "metrics": names.METRICS_PORT}
    return {"type": "ClusterIP", "selector": selector(campaign_id), "ports": _ports(ports)}


def siblings_spec(campaign_id: str) -> Manifest:
    """`spec` of the Service by which the sender's pods find one another: no address, the ready pods' own instead."""
    return {
        "type": "ClusterIP",
        "clusterIP": "None",
        "selector": selector(campaign_id),
        "ports": _ports({"handover": names.SIBLINGS_PORT}),
    }


def _ports(ports: dict[str, int]) -> list[Manifest]:
    return [{"name": name, "protocol": "TCP", "port": port, "targetPort": port} for name, port in ports.items()]
