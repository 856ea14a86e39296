"""An account of a campaign whose pods could speak to the API server."""

from pulumi_kubernetes.core.v1 import ServiceAccount

from tests.programs.parts import in_cluster, metadata

ServiceAccount("talkative", metadata=metadata("talkative"), opts=in_cluster())
