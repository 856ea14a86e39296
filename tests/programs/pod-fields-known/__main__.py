"""A pod that Multus would give a second network, which no NetworkPolicy reaches."""

from pulumi_kubernetes.core.v1 import Pod

from tests.programs.parts import in_cluster, metadata, pod_spec

networks = {"annotations": {"k8s.v1.cni.cncf.io/networks": "flat"}}
Pod("two-networks", metadata=metadata("two-networks") | networks, spec=pod_spec(), opts=in_cluster())
