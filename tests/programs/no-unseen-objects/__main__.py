"""A policy of a kind that no rule reads: it would take the sender's mail elsewhere."""

from pulumi_kubernetes.apiextensions import CustomResource

from tests.programs.parts import CAMPAIGN, in_cluster, metadata
from warmlane import names

CustomResource(
    "aside",
    api_version="cilium.io/v2",
    kind="CiliumLocalRedirectPolicy",
    metadata=metadata("aside"),
    spec={
        "redirectFrontend": {"addressMatcher": {"ip": "203.0.113.9", "toPorts": [{"port": "25", "protocol": "TCP"}]}},
        "redirectBackend": {
            "localEndpointSelector": {"matchLabels": {"app": names.app(CAMPAIGN)}},
            "toPorts": [{"port": "25", "protocol": "TCP"}],
        },
    },
    opts=in_cluster(),
)
