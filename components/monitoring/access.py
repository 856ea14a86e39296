"""The monitoring namespace, what its pods may reach, and what Prometheus may read."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from components.namespaces import pod_security
from warmlane import labels, names
from warmlane.environment import Cni, Environment
from warmlane.isolation import api_server_cilium_spec, api_server_ranges, monitoring_policies, surroundings

READABLE = (("", ["services", "pods"]), ("discovery.k8s.io", ["endpointslices"]))
"""API groups and resources from which Prometheus finds its targets."""


def namespace(name: str, environment_name: str, opts: pulumi.ResourceOptions) -> kubernetes.core.v1.Namespace:
    """The namespace, under Pod Security `restricted`."""
    return kubernetes.core.v1.Namespace(
        f"{name}-namespace",
        metadata={
            "name": names.MONITORING_NAMESPACE,
            "labels": {**labels.platform("monitoring", "monitoring", environment_name), **pod_security("restricted")},
        },
        opts=opts,
    )


def policies(
    name: str, environment: Environment, environment_name: str, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Default-deny and the few flows that monitoring needs."""
    around = surroundings(environment)
    metadata = {
        "namespace": names.MONITORING_NAMESPACE,
        "labels": labels.platform("monitoring", "isolation", environment_name),
    }
    declared: list[pulumi.Resource] = [
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-{policy}", metadata={**metadata, "name": policy}, spec=spec, opts=opts
        )
        for policy, spec in monitoring_policies(around, api_server_ranges(environment)).items()
    ]
    if environment.cluster.cni is Cni.CILIUM:
        declared.append(
            kubernetes.apiextensions.CustomResource(
                f"{name}-prometheus-api-server",
                api_version="cilium.io/v2",
                kind="CiliumNetworkPolicy",
                metadata={**metadata, "name": "prometheus-api-server"},
                spec=api_server_cilium_spec(around),
                opts=opts,
            )
        )
    return declared


def discovery(name: str, environment_name: str, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """A ServiceAccount that may list Services, pods and endpoint slices, and nothing else."""
    marks = labels.platform("prometheus", "monitoring", environment_name)
    role_name = f"{names.MONITORING_NAMESPACE}-prometheus"
    account = kubernetes.core.v1.ServiceAccount(
        f"{name}-prometheus-account",
        metadata={"name": "prometheus", "namespace": names.MONITORING_NAMESPACE, "labels": marks},
        automount_service_account_token=False,
        opts=opts,
    )
    role = kubernetes.rbac.v1.ClusterRole(
        f"{name}-prometheus-role",
        metadata={"name": role_name, "labels": marks},
        rules=[
            {"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]}
            for group, resources in READABLE
        ],
        opts=opts,
    )
    binding = kubernetes.rbac.v1.ClusterRoleBinding(
        f"{name}-prometheus-binding",
        metadata={"name": role_name, "labels": marks},
        role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role_name},
        subjects=[{"kind": "ServiceAccount", "name": "prometheus", "namespace": names.MONITORING_NAMESPACE}],
        opts=opts,
    )
    return [account, role, binding]
