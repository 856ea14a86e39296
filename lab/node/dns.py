"""The cluster's DNS: CoreDNS as pods labelled as everywhere, so that a policy that names them means them here too."""

from __future__ import annotations

import hashlib

from lab import settings
from lab.node import api

NAMESPACE = "kube-system"
NAME = "coredns"
LABELS = {"k8s-app": "kube-dns"}
COREFILE = f""".:53 {{
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }}
    forward . {settings.OUTSIDE_DNS}
    reload
}}
"""


def manifests(image: str) -> list[dict[str, object]]:
    """ServiceAccount, rights, configuration, Deployment and Service of the cluster's DNS."""
    metadata = {"name": NAME, "namespace": NAMESPACE, "labels": LABELS}
    role = f"system:{NAME}"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": role},
            "rules": [
                {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"Corefile": COREFILE}},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": LABELS},
                "template": {
                    "metadata": {
                        "labels": LABELS,
                        "annotations": {"warmlane.dev/corefile": hashlib.sha256(COREFILE.encode()).hexdigest()[:16]},
                    },
                    "spec": _pod(image),
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**metadata, "name": "kube-dns"},
            "spec": {
                "clusterIP": str(settings.CLUSTER_DNS),
                "selector": LABELS,
                "ports": [
                    {"name": "dns", "port": 53, "targetPort": "dns", "protocol": "UDP"},
                    {"name": "dns-tcp", "port": 53, "targetPort": "dns-tcp", "protocol": "TCP"},
                ],
            },
        },
    ]


def _pod(image: str) -> dict[str, object]:
    return {
        "serviceAccountName": NAME,
        "priorityClassName": "system-cluster-critical",
        # The pod's own names come from the outside; through itself it would wait for itself.
        "dnsPolicy": "Default",
        "containers": [
            {
                "name": NAME,
                "image": image,
                "args": ["-conf", "/etc/coredns/Corefile"],
                "ports": [
                    {"name": "dns", "containerPort": 53, "protocol": "UDP"},
                    {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
                ],
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
                "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
                    "readOnlyRootFilesystem": True,
                },
                "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
            }
        ],
        # A user other than root gets no added capability, so port 53 is opened for all instead.
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
        },
        "volumes": [{"name": "config", "configMap": {"name": NAME}}],
    }


def ready() -> bool:
    """Whether a pod of the cluster's DNS answers. Raises ApiError."""
    status = api.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{NAME}").get("status", {})
    return int(status.get("readyReplicas", 0)) >= 1
