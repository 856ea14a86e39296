"""Objects and resources that nobody should be able to add."""

from __future__ import annotations

from typing import Any

from warmlane import names

Added = tuple[str, dict[str, Any]]
"""A Pulumi type, and the resource's inputs."""

IMAGE = "registry.example/other@sha256:" + "cd" * 32
SOUND = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
PEER = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": names.namespace("other")}}}
ROUTES: dict[str, Any] = {
    "natGatewayId": "nat-0123456789abcdef0",
    "gatewayId": "igw-0123456789abcdef0",
    "egressOnlyGatewayId": "eigw-0123456789abcdef0",
    "transitGatewayId": "tgw-0123456789abcdef0",
    "networkInterfaceId": "eni-0123456789abcdef0",
    "vpcPeeringConnectionId": "pcx-0123456789abcdef0",
    "destinationIpv6CidrBlock": "::/0",
}
WAYS_OUT = (
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway",
    "aws:ec2/vpcIpv6CidrBlockAssociation:VpcIpv6CidrBlockAssociation",
    "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",
    "aws:ec2/eipAssociation:EipAssociation",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/natGatewayEipAssociation:NatGatewayEipAssociation",
    "aws:ec2/route:Route",
    "aws:ec2/subnet:Subnet",
    "aws:eks/nodeGroup:NodeGroup",
    "aws:cloudformation/stack:Stack",
)


def _object(kind: str, api_version: str, namespace: str, **fields: Any) -> Added:
    group = api_version if "/" in api_version else f"core/{api_version}"
    metadata = {"name": "added", **({"namespace": namespace} if namespace else {})}
    return f"kubernetes:{group}:{kind}", {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def policies(namespace: str) -> dict[str, Added]:
    """Policies that open a namespace."""

    def policy(**spec: Any) -> Added:
        types = [key.capitalize() for key in spec]
        return _object(
            "NetworkPolicy",
            "networking.k8s.io/v1",
            namespace,
            spec={"podSelector": {}, "policyTypes": types, **spec},
        )

    def cilium(kind: str, where: str) -> Added:
        spec = {"endpointSelector": {}, "egress": [{"toEntities": ["world"]}]}
        return _object(kind, "cilium.io/v2", where, spec=spec)

    web = [{"protocol": "TCP", "port": 443}]
    smtp = [{"protocol": "TCP", "port": 25}]
    return {
        "egress to all": policy(egress=[{}]),
        "ingress from all": policy(ingress=[{}]),
        "web": policy(egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": web}]),
        "IPv6": policy(egress=[{"to": [{"ipBlock": {"cidr": "2000::/3"}}], "ports": smtp}]),
        "metadata service": policy(egress=[{"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}]}]),
        "to another campaign": policy(egress=[{"to": [PEER], "ports": smtp}]),
        "from another campaign": policy(ingress=[{"from": [PEER], "ports": smtp}]),
        "of Cilium": cilium("CiliumNetworkPolicy", namespace),
        "of Cilium for all namespaces": cilium("CiliumClusterwideNetworkPolicy", ""),
    }


def others(namespace: str, is_campaigns: bool) -> dict[str, Added]:
    """Objects of other kinds; a campaign may have less than the platform."""
    rbac = "rbac.authorization.k8s.io/v1"
    admin = {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": "rbac.authorization.k8s.io"}
    account = [{"kind": "ServiceAccount", "name": "email-sender", "namespace": names.namespace("other")}]
    pod = {"containers": [{"name": "added", "image": IMAGE, "securityContext": SOUND}]}
    every = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    found = {
        "bare pod with the host's network": _object("Pod", "v1", namespace, spec={**pod, "hostNetwork": True}),
        "bare pod by tag": _object(
            "Pod", "v1", namespace, spec={"containers": [{"name": "added", "image": "busybox:latest"}]}
        ),
        "role of all": _object("Role", rbac, namespace, rules=[every]),
        "cluster role of all": _object("ClusterRole", rbac, "", rules=[every]),
        "admin": _object("ClusterRoleBinding", rbac, "", roleRef=admin, subjects=account),
        "admin of the namespace": _object("RoleBinding", rbac, namespace, roleRef=admin, subjects=account),
        "volume of the node": _object(
            "PersistentVolume", "v1", "", spec={"hostPath": {"path": "/"}, "capacity": {"storage": "1Gi"}}
        ),
        "release": (
            "kubernetes:helm.sh/v3:Release",
            {"chart": "nginx", "namespace": namespace},
        ),
        "foreign kind": _object("Certificate", "cert-manager.io/v1", namespace, spec={}),
        "object elsewhere": _object("ConfigMap", "v1", "default", data={}),
        "patch": (
            "kubernetes:apps/v1:DeploymentPatch",
            {"metadata": {"name": "x", "namespace": namespace}, "spec": {}},
        ),
        "policy's patch": (
            "kubernetes:networking.k8s.io/v1:NetworkPolicyPatch",
            {"metadata": {"name": names.DEFAULT_DENY_POLICY, "namespace": namespace}, "spec": {"egress": [{}]}},
        ),
        "node port": _object(
            "Service", "v1", namespace, spec={"type": "NodePort", "selector": {"a": "b"}, "ports": [{"port": 80}]}
        ),
        "metrics on a load balancer": _object(
            "Service",
            "v1",
            namespace,
            spec={
                "type": "LoadBalancer",
                "allocateLoadBalancerNodePorts": False,
                "selector": {"a": "b"},
                "ports": [{"port": 80, "targetPort": 9100}],
            },
        ),
        "service elsewhere": _object(
            "Service", "v1", namespace, spec={"type": "ExternalName", "externalName": "elsewhere.example"}
        ),
    }
    if not is_campaigns:
        return found
    template = {"metadata": {"labels": {"app": "added"}}, "spec": pod}
    return found | {
        "daemon set": _object("DaemonSet", "apps/v1", namespace, spec={"template": template}),
        "stateful set": _object("StatefulSet", "apps/v1", namespace, spec={"template": template}),
        "job": _object("Job", "batch/v1", namespace, spec={"template": template}),
        "cron job": _object("CronJob", "batch/v1", namespace, spec={"jobTemplate": {"spec": {"template": template}}}),
        "pod": _object("Pod", "v1", namespace, spec=pod),
        "ingress": _object("Ingress", "networking.k8s.io/v1", namespace, spec={}),
        "endpoints": _object("Endpoints", "v1", namespace, subsets=[]),
        "token": _object("Secret", "v1", namespace, type="kubernetes.io/service-account-token"),
        "binding of its own account": _object(
            "RoleBinding",
            rbac,
            namespace,
            roleRef={"kind": "Role", "name": "added"},
            subjects=[{"kind": "ServiceAccount", "name": "email-sender", "namespace": namespace}],
        ),
    }
