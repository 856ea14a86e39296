"""The list: every flow that pods of one of Warmlane's namespaces are meant to have."""

from __future__ import annotations

from policies import committed
from policies.network.excess import flows
from policies.network.sets import Box
from policies.network.spec import read_policy
from warmlane import isolation, names


def listed(namespace: str, stack: str) -> list[Box] | None:
    """What the policies of a namespace may allow at most; None where the namespace is not Warmlane's.

    A campaign's list holds the way out that its guardian opens and closes (`smtp-egress`), so that what Pulumi declares
    is judged together with it. Raises ConfigError where the environment or the campaign is not sound.
    """
    specs = _specs(namespace, stack)
    if specs is None:
        return None
    return flows([read_policy(namespace, name, spec) for name, spec in specs.items()])


def _specs(namespace: str, stack: str) -> dict[str, isolation.Spec] | None:
    if namespace == names.PLATFORM_NAMESPACE:
        return {}
    campaign_id = namespace.removeprefix(names.NAMESPACE_PREFIX)
    if namespace not in (names.MONITORING_NAMESPACE, names.namespace(campaign_id)):
        return None
    environment = committed.environment(stack)
    around = isolation.surroundings(environment)
    if namespace == names.MONITORING_NAMESPACE:
        return isolation.monitoring_policies(around, isolation.api_server_ranges(environment))
    campaign = committed.campaign(campaign_id, stack)
    shared = {
        "dns-egress": isolation.dns_egress_spec(around),
        "scrape-ingress": isolation.scrape_ingress_spec(campaign_id, around),
    }
    own = isolation.campaign_policies(campaign, around) if campaign else shared
    return {**own, names.SMTP_EGRESS_POLICY: isolation.smtp_egress_spec(around)}
