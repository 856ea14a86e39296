"""The kubelet: one node, its own root directory and cgroups."""

from __future__ import annotations

from pathlib import Path

import yaml

from lab import settings
from lab.node import api, confines, containerd, pki
from lab.node.processes import Service

ROOT = settings.STATE / "kubelet"
CONFIG = settings.STATE / "kubelet.yaml"
RESOLV_CONF = settings.STATE / "resolv.conf"
EGRESS_GATEWAY_LABEL = "warmlane.dev/egress-gateway"


def config() -> dict[str, object]:
    """The kubelet's configuration document."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": str(settings.NODE_ADDRESS),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(pki.certificate("authority"))},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(pki.certificate("kubelet-server")),
        "tlsPrivateKeyFile": str(pki.key("kubelet-server")),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{confines.NODE_CGROUP}",
        "failCgroupV1": False,
        "failSwapOn": False,
        # Below 0 needs CAP_SYS_RESOURCE.
        "oomScoreAdj": 0,
        "clusterDNS": [str(settings.CLUSTER_DNS)],
        "clusterDomain": "cluster.local",
        "resolvConf": str(RESOLV_CONF),
        "containerRuntimeEndpoint": f"unix://{containerd.SOCKET}",
        "podLogsDir": str(settings.LOGS / "pods"),
        # The machine's disk is shared: its fill level may neither evict pods nor remove images that no registry has.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "maxPods": 110,
        "serializeImagePulls": False,
        "syncFrequency": "10s",
    }


def prepare() -> None:
    ROOT.mkdir(parents=True, exist_ok=True)
    RESOLV_CONF.write_text(f"nameserver {settings.OUTSIDE_DNS}\n")
    CONFIG.write_text(yaml.safe_dump(config(), sort_keys=False))


def service(program: Path) -> Service:
    return Service(
        name="kubelet",
        namespace=settings.NODE_NETNS,
        node=True,
        command=[
            program,
            f"--config={CONFIG}",
            f"--kubeconfig={pki.kubeconfig('kubelet')}",
            f"--root-dir={ROOT}",
            f"--hostname-override={settings.NODE_NAME}",
            f"--node-ip={settings.NODE_ADDRESS}",
            f"--node-labels={EGRESS_GATEWAY_LABEL}=true",
        ],
        ready=lambda: api.answers(f"/api/v1/nodes/{settings.NODE_NAME}"),
    )


def node_ready() -> bool:
    """Whether the node takes pods; it does once Cilium has set up its network. Raises ApiError."""
    node = api.get(f"/api/v1/nodes/{settings.NODE_NAME}")
    conditions = node["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
