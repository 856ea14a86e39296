"""A campaign's namespace in which nothing is denied."""

from pulumi_kubernetes.core.v1 import Namespace

from components.namespaces import pod_security
from tests.programs.parts import CAMPAIGN, in_cluster
from warmlane import names

where = names.namespace(CAMPAIGN)
Namespace("open", metadata={"name": where, "labels": pod_security("baseline")}, opts=in_cluster())
