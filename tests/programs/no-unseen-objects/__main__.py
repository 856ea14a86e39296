"""A patch that opens a policy which somebody else declares."""

from pulumi_kubernetes.networking.v1 import NetworkPolicyPatch

from tests.programs.parts import in_cluster, metadata
from warmlane import names

NetworkPolicyPatch(
    "opened",
    metadata=metadata(names.DEFAULT_DENY_POLICY),
    spec={"egress": [{}]},
    opts=in_cluster(),
)
