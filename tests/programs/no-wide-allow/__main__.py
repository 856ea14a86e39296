"""A policy that lets a sender reach HTTPS anywhere, beside the sound ones."""

from pulumi_kubernetes.networking.v1 import NetworkPolicy

from tests.programs.parts import in_cluster, metadata

NetworkPolicy(
    "https",
    metadata=metadata("https"),
    spec={
        "podSelector": {},
        "policyTypes": ["Egress"],
        "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}],
    },
    opts=in_cluster(),
)
