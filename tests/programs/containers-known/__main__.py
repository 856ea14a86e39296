"""A pod of the campaign that runs a program which nobody committed."""

from pulumi_kubernetes.core.v1 import Pod

from tests.programs.parts import in_cluster, metadata, pod_spec

Pod("stranger", metadata=metadata("stranger"), spec=pod_spec(), opts=in_cluster())
