"""A campaign's namespace that denies all traffic but has neither quota nor limits."""

from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.namespaces import pod_security
from tests.programs.parts import CAMPAIGN, in_cluster, metadata
from warmlane import isolation, names

opts = in_cluster()
Namespace("unbounded", metadata={"name": names.namespace(CAMPAIGN), "labels": pod_security("baseline")}, opts=opts)
NetworkPolicy(
    "default-deny",
    metadata=metadata(names.DEFAULT_DENY_POLICY),
    spec=isolation.default_deny_spec(),
    opts=opts,
)
