"""A pod that may start before its namespace has a quota."""

from pulumi_kubernetes.core.v1 import Pod, ResourceQuota

from tests.programs.parts import in_cluster, metadata, pod_spec

opts = in_cluster()
ResourceQuota("quota", metadata=metadata("campaign-quota"), spec={"hard": {"pods": "3"}}, opts=opts)
Pod("early", metadata=metadata("early"), spec=pod_spec(), opts=opts)
