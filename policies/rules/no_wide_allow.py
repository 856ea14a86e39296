"""No policy of Warmlane's namespaces allows more than the list: DNS, SMTP to the public internet, producers,
Prometheus.

Policies are additive, so one wide policy undoes every narrow one; and since they only ever allow, their union lies
inside the list exactly when each of them does. So each is judged before it is created.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.inputs import When, plan, unknown_inputs
from policies.network import words
from policies.network.excess import excesses
from policies.network.listed import listed
from policies.network.spec import Unreadable, read_policy
from policies.plain import at
from policies.rule import About, Resource, resource_rule
from policies.scopes import of_kinds
from warmlane import isolation, names
from warmlane.environment import Cni

ABOUT = About(
    name="no-wide-allow",
    display_name="No wide allow",
    description=(
        "The policies of a campaign allow no flow beyond DNS, public SMTP, its producers and Prometheus, for IPv4 and "
        "IPv6, however the network reads `ipBlock`; those of monitoring no flow beyond its own list."
    ),
    why="Policies only add up: one that is too wide opens the namespace, whatever the others say.",
    remediation="Take the specs from warmlane/isolation.py, and name producers in the campaign's config.",
    severity=Severity.CRITICAL,
    inputs=plan(of_kinds("NetworkPolicy"), ("metadata", "namespace"), "spec"),
)

CLUSTER_WIDE_KINDS = {
    "CiliumClusterwideNetworkPolicy",
    "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "ClusterNetworkPolicy",
}
JUDGED_ELSEWHERE = {"CiliumEgressGatewayPolicy"}
"""It allows nothing: it says by which address permitted traffic leaves, and `lane-leased-once` judges that."""
API_SERVER_POLICY = "prometheus-api-server"
CAMPAIGN_LIST = (
    "a sender's list is TCP 25 to public IPv4 addresses, port 53 of the cluster's DNS pods, TCP 25 from the "
    "campaign's producers and TCP 9100 from Prometheus"
)
PLATFORM_LIST = "warmlane.isolation has the list"


def judge(resource: Resource) -> Iterator[str]:
    kind, what = kubernetes.kind(resource), kubernetes.title(resource)
    if kind in CLUSTER_WIDE_KINDS:
        yield f"{what} could open every campaign at once. Remove it, and use NetworkPolicies of one namespace."
    elif kind == "NetworkPolicy":
        yield from _judge_policy(resource, what)
    elif (
        kubernetes.group(resource) == kubernetes.CILIUM
        and kind not in JUDGED_ELSEWHERE
        and not _is_the_listed_one(resource)
    ):
        where = kubernetes.namespace(resource) or "the cluster"
        yield (
            f"{what} changes what {where} may reach beside its NetworkPolicies, and the list has no such object. "
            "Remove it."
        )


def _judge_policy(resource: Resource, what: str) -> Iterator[str]:
    if kubernetes.is_patch(resource):
        yield f"{what} is patched, so what it allows in the end is not in the plan. Declare the NetworkPolicy whole."
        return
    if any(unknown_inputs(ABOUT.inputs, resource, When.PLAN)):
        return
    namespace = kubernetes.namespace(resource)
    if not namespace:
        yield f"{what} {kubernetes.NOWHERE}"
        return
    permitted = listed(namespace, resource.stack)
    if permitted is None:
        yield f"{what} is in a namespace that is not Warmlane's, so no list says what it may allow. Remove it."
        return
    try:
        policy = read_policy(namespace, kubernetes.name(resource), at(resource.props, "spec"))
    except Unreadable as problem:
        yield f"{what} can't be judged: {problem}."
        return
    allowed_text = CAMPAIGN_LIST if kubernetes.campaign(resource) else PLATFORM_LIST
    for found in excesses(policy, permitted):
        direction = found.rule.direction
        what_to_do = f"To narrow it, {found.fix}; or remove the rule" if found.fix else "Remove the rule"
        yield (
            f"{what} allows {direction.lower()} {direction.peers_key} {words.peer(found.peer, namespace)} on "
            f"{words.port(found.port)} ({found.rule.path}), and {allowed_text}. Too wide: {found.too_wide}. "
            f"{what_to_do}."
        )


def _is_the_listed_one(resource: Resource) -> bool:
    """Whether it is the one CiliumNetworkPolicy of the list: Prometheus asks the Kubernetes API for its targets."""
    if (
        kubernetes.kind(resource) != "CiliumNetworkPolicy"
        or kubernetes.is_patch(resource)
        or kubernetes.namespace(resource) != names.MONITORING_NAMESPACE
    ):
        return False
    environment = committed.environment(resource.stack)
    spec = isolation.api_server_cilium_spec(isolation.surroundings(environment))
    return (
        environment.cluster.cni is Cni.CILIUM
        and at(resource.props, "metadata", "name") == API_SERVER_POLICY
        and at(resource.props, "spec") == spec
        and at(resource.props, "specs") is None
    )


RULE = resource_rule(ABOUT, judge)
