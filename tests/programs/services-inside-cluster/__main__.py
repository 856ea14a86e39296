"""A sender's submission on a port of every node."""

from pulumi_kubernetes.core.v1 import Service

from components.sender_workload import service_spec
from tests.programs.parts import CAMPAIGN, in_cluster, metadata

Service("wide", metadata=metadata("wide"), spec={**service_spec(CAMPAIGN), "type": "NodePort"}, opts=in_cluster())
