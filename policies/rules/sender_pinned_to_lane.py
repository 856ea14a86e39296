"""A campaign's pods send from the lane that the campaign holds, and from no other."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.inputs import EACH, plan
from policies.plain import UNKNOWN, at, items, mapping
from policies.rule import About, Resource, resource_rule
from policies.scopes import CAMPAIGN_POD_TEMPLATES, POD_TEMPLATES, WORKLOADS
from warmlane import labels
from warmlane.environment import Environment, External, NatGateway

ABOUT = About(
    name="sender-pinned-to-lane",
    display_name="Sender pinned to its lane",
    description=(
        "Pods of a campaign's namespace carry the campaign and the lane that it holds, and run where that lane's way "
        "out is."
    ),
    why="Mail that leaves by another lane spends that lane's reputation, and its own volume is counted nowhere.",
    remediation="Declare CampaignSender (components/sender.py), which pins by the lease in Pulumi.<environment>.yaml.",
    severity=Severity.CRITICAL,
    inputs=(
        *plan(WORKLOADS, ("metadata", "namespace")),
        *plan(POD_TEMPLATES, ("metadata", "labels", labels.LANE)),
        *plan(
            CAMPAIGN_POD_TEMPLATES,
            ("metadata", "labels", labels.CAMPAIGN),
            ("spec", "nodeName"),
            ("spec", "nodeSelector"),
            ("spec", "tolerations", EACH),
        ),
    ),
)


def judge(resource: Resource) -> Iterator[str]:
    if not kubernetes.has_pods(resource):
        return
    what, campaign = kubernetes.title(resource), kubernetes.campaign(resource)
    if not campaign:
        if labels.LANE in kubernetes.pod_labels(resource):
            yield (
                f"{what} carries the label {labels.LANE} outside every campaign's namespace. Remove the label; only a "
                "campaign's sender uses a lane."
            )
        return
    lane = committed.leased_lane(campaign, resource.stack)
    file = f"Pulumi.{committed.environment_name(resource.stack)}.yaml"
    if lane is None:
        yield f"{what} belongs to {campaign}, which holds no lane. Add leases.{campaign} to {file} first."
        return
    pod_labels = kubernetes.pod_labels(resource)
    for key, expected in ((labels.CAMPAIGN, campaign), (labels.LANE, lane)):
        found = pod_labels.get(key)
        if found != expected and found is not UNKNOWN:
            shown = "is missing" if found is None else f"is {found}"
            yield f"{what}: the pods' label {key} {shown}. Set it to {expected}, as {file} leases {lane} to {campaign}."
    yield from _judge_nodes(resource, what, lane, committed.environment(resource.stack))


def _judge_nodes(resource: Resource, what: str, lane: str, environment: Environment) -> Iterator[str]:
    """Where the way out belongs to nodes, pods run on the lane's nodes; Cilium's gateway goes by labels alone."""
    spec = at(kubernetes.pod_template(resource), "spec")
    selector = mapping(spec, "nodeSelector")
    if at(spec, "nodeName") not in (None, "", UNKNOWN):
        yield (
            f"{what} names its node itself, past the scheduler and the taints of lanes' nodes. Remove nodeName; labels "
            "pin its pods."
        )
    if isinstance(environment.egress, NatGateway):
        wanted = {labels.LANE: lane}
        tolerated = any(
            at(entry, "key") == labels.LANE and at(entry, "value") == lane for entry in items(spec, "tolerations")
        )
        if not tolerated:
            yield f"{what} does not tolerate the taint of its lane's nodes. Add a toleration of {labels.LANE}={lane}."
    elif isinstance(environment.egress, External):
        wanted = environment.lanes[lane].node_labels
    else:
        return
    for key, value in wanted.items():
        if selector.get(key) not in (value, UNKNOWN):
            found = selector.get(key, "missing")
            yield f"{what}: nodeSelector {key} is {found}. Set it to {value}, so that the pods leave by lane {lane}."
    for entry in items(spec, "tolerations"):
        if at(entry, "key") in (None, labels.LANE) and at(entry, "value") != lane:
            yield f"{what} tolerates the nodes of other lanes. Tolerate {labels.LANE}={lane} only."


RULE = resource_rule(ABOUT, judge)
