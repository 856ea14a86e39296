"""A NetworkPolicy that stays as somebody left it in the cluster, whatever the program says."""

import pulumi
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from tests.programs.parts import in_cluster, metadata

NetworkPolicy(
    "kept",
    metadata=metadata("kept"),
    spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    opts=pulumi.ResourceOptions.merge(in_cluster(), pulumi.ResourceOptions(ignore_changes=["spec"])),
)
