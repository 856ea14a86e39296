"""The producers of the demo: a pod for each campaign that may submit to its sender."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cli.cluster import Cluster
from cli.outcome import WorldFailed
from warmlane import names
from warmlane.campaign import Campaign

FIELD_MANAGER = "warmlane-demo"
READY_SECONDS = 120
SUBMIT = (Path(__file__).parent / "submit.py").read_text()


def pod_name(campaign: str) -> str:
    """The producer's pod of a campaign."""
    return f"{campaign}-producer"


def manifests(campaigns: Iterable[Campaign], image: str) -> list[dict[str, Any]]:
    """Namespaces and pods, as each campaign's config says that its producer looks."""
    campaigns = list(campaigns)
    namespaces = sorted({campaign.producers[0].namespace for campaign in campaigns})
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    return [
        *(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": restricted}}
            for name in namespaces
        ),
        *(_pod(campaign, image) for campaign in campaigns),
    ]


def _pod(campaign: Campaign, image: str) -> dict[str, Any]:
    producer = campaign.producers[0]
    container = {
        "name": "producer",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "infinity"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "500m", "memory": "128Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": pod_name(campaign.id), "namespace": producer.namespace, "labels": producer.pod_labels},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            # Nothing in it is worth waiting for.
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
        },
    }


def ensure(cluster: Cluster, campaigns: Iterable[Campaign], image: str) -> None:
    """Makes the producers and waits until they are ready. Raises WorldFailed."""
    campaigns = list(campaigns)
    wanted = manifests(campaigns, image)
    try:
        cluster.apply(wanted, FIELD_MANAGER)
    except WorldFailed:
        # Most of a pod can't be changed once it exists (another image, other labels): make it anew.
        for campaign in campaigns:
            where = ("-n", campaign.producers[0].namespace)
            cluster.kubectl("delete", "pod", pod_name(campaign.id), *where, "--ignore-not-found", seconds=60)
        cluster.apply(wanted, FIELD_MANAGER)
    for campaign in campaigns:
        where = ("-n", campaign.producers[0].namespace)
        waiting = ("wait", "--for=condition=Ready", f"pod/{pod_name(campaign.id)}", f"--timeout={READY_SECONDS}s")
        cluster.kubectl(*waiting, *where, seconds=READY_SECONDS + 10)


def submit(
    cluster: Cluster, campaign: Campaign, password: str, run: str, recipients: list[str], seconds: float = 600
) -> tuple[int, str | None]:
    """Submits a message to each recipient through the campaign's sender: how many it took, and what ended it early."""
    given = {
        "host": names.service_host(campaign.id),
        "user": names.submission_user(campaign.id),
        "password": password,
        "mail_from": f"news@{campaign.sending_domain}",
        "run": run,
        "recipients": recipients,
    }
    namespace = campaign.producers[0].namespace
    answer = cluster.python(namespace, pod_name(campaign.id), SUBMIT, given, seconds=seconds)
    return int(answer["submitted"]), answer["error"]
