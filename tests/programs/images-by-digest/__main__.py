"""A container whose image is named by a tag."""

from pulumi_kubernetes.core.v1 import Pod

from tests.programs.parts import in_cluster, metadata, pod_spec

spec = pod_spec(containers=[{"name": "idle", "image": "warmlane.local/sender:latest"}])
Pod("by-tag", metadata=metadata("by-tag"), spec=spec, opts=in_cluster())
