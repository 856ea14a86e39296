"""A way out of lane amber for the campaign newsletter, beside that of the campaign which holds it."""

from pulumi_kubernetes.apiextensions import CustomResource

from tests.programs.parts import LANE, in_cluster
from warmlane import labels, names

opts = in_cluster()
for campaign in ("spring-sale", "newsletter"):
    selector = {"io.kubernetes.pod.namespace": names.namespace(campaign), labels.LANE: LANE}
    CustomResource(
        f"{campaign}-way-out",
        api_version="cilium.io/v2",
        kind="CiliumEgressGatewayPolicy",
        metadata={"name": f"shared-{campaign}"},
        spec={
            "selectors": [{"podSelector": {"matchLabels": selector}}],
            "destinationCIDRs": ["0.0.0.0/0"],
            "egressGateway": {
                "nodeSelector": {"matchLabels": {"warmlane.dev/egress-gateway": "true"}},
                "egressIP": "198.51.100.99",
            },
        },
        opts=opts,
    )
