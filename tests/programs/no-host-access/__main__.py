"""A pod in its node's network, where no NetworkPolicy holds."""

from pulumi_kubernetes.core.v1 import Pod

from tests.programs.parts import in_cluster, metadata, pod_spec

Pod("on-the-host", metadata=metadata("on-the-host"), spec=pod_spec(hostNetwork=True), opts=in_cluster())
