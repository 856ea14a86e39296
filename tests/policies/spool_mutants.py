"""A sound sender with `spool: persistent`, and ways to spoil where a sender of either spool keeps its queue."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

from policies import committed
from tests.policies import recording, world
from tests.policies.harness import UNKNOWN, Declared, key
from tests.policies.identity_mutants import document
from tests.policies.world import Document

Stack = dict[str, Declared]
Change = Callable[[Stack], object]
RULE, IDENTITY, QUOTA = "spool-stated", "derived-identity", "quota-and-limits-present"
STACK = "spring-sale.dev"


def persistent_sender() -> Stack:
    """The spring sale's stack with `spool: persistent`, by logical name less its id; it is committed so."""
    world.campaigns(spring_sale=_persistent)
    return copy.deepcopy(_recorded())


def _persistent(body: Document) -> None:
    body["spool"] = "persistent"


@cache
def _recorded() -> Stack:
    campaign = committed.campaign(world.SALE, world.DEV)
    made = recording.register(lambda: recording.campaign_program(STACK, campaign=campaign), STACK)
    return {key(item).removeprefix(f"{world.SALE}-"): item for item in recording.declared(made)}


def spec(stack: Stack) -> Any:
    """`spec` of the workload, of whichever kind."""
    return stack.get("stateful-set", stack.get("deployment", stack["service"])).props["spec"]


def pod(stack: Stack) -> Any:
    return spec(stack)["template"]["spec"]


def template(stack: Stack) -> Any:
    """The StatefulSet's one template of claims."""
    return spec(stack)["volumeClaimTemplates"][0]


def of_workload(**fields: Any) -> Change:
    return lambda stack: spec(stack).update(fields)


def retained(what: str) -> Change:
    """Sets what becomes of a pod's volume when the pod's number goes."""
    return lambda stack: spec(stack)["persistentVolumeClaimRetentionPolicy"].update(whenScaled=what)


def remounted(container: int, volume: str, **changes: Any) -> Change:
    """Changes a container's mount of a volume."""

    def change(stack: Stack) -> None:
        mounts = pod(stack)["containers"][container]["volumeMounts"]
        next(one for one in mounts if one["name"] == volume).update(changes)

    return change


def volume(name: str, **source: Any) -> Change:
    """Gives a volume of the pod another source."""

    def change(stack: Stack) -> None:
        others = [one for one in pod(stack)["volumes"] if one["name"] != name]
        pod(stack)["volumes"] = [*others, {"name": name, **source}]

    return change


def committed_as(edit: Callable[[Document], object]) -> Change:
    """Commits the campaign otherwise, under a stack that stays as it was planned."""
    return lambda _stack: world.campaigns(spring_sale=edit)


def second_template(stack: Stack) -> None:
    again = copy.deepcopy(template(stack))
    again["metadata"]["name"] = "spare"
    spec(stack)["volumeClaimTemplates"].append(again)


SPOOL_MUTANTS: list[tuple[str, str, Change, str]] = [
    (RULE, "not said", committed_as(lambda body: body.pop("spool")), "nobody has said what it may lose"),
    (RULE, "not said, and what each loses", committed_as(lambda body: body.pop("spool")), "a lost or deleted volume"),
    (RULE, "a gate that keeps", document(spool="persistent"), "says spool persistent, but the committed config says"),
    (RULE, "more mail than fits", document(spool_mib=9_999), "says spool_mib 9999, but the committed config says"),
    (RULE, "a longer backlog", document(max_backlog_days=5), "says max_backlog_days 5, but the committed config says"),
    (RULE, "a pod that takes all for itself", document(replicas=1), "says replicas 1, but the committed config says 2"),
    (RULE, "no sound document", document(spool="tmpfs"), "does not hold a sender's configuration (spool"),
    (RULE, "the other workload", committed_as(_persistent), "is no StatefulSet, which the committed spool, persist"),
    (RULE, "a queue in memory's place", volume("spool", configMap={"name": "x"}), "has no volume spool for its queue"),
    (RULE, "a queue elsewhere", remounted(1, "spool", mountPath="/queue"), "container gate, does not have the volume"),
    (RULE, "a queue that can't be written", remounted(0, "spool", readOnly=True), "container email-sender, does not"),
    (RULE, "no exports", remounted(1, "exported", mountPath="/x"), "so a pod without a sibling loses its queue"),
    (RULE, "exports on no claim", volume("exported", emptyDir={}), "does not have the claim sender-exported"),
    (RULE, "claims of a Deployment", of_workload(volumeClaimTemplates=[{"metadata": {"name": "a"}}]), "claims a for"),
    (
        IDENTITY,
        "another's claim",
        volume("exported", persistentVolumeClaim={"claimName": "newsletter"}),
        "volume exported is newsletter",
    ),
    (
        IDENTITY,
        "a claim of another name",
        lambda s: s["exported"].props["metadata"].update(name="spare"),
        "set it to sender-exported",
    ),
    (
        IDENTITY,
        "siblings by one address",
        lambda s: s["siblings"].props["spec"].update(clusterIP="10.96.0.9"),
        "spec.clusterIP is 10.96.0.9",
    ),
    (
        IDENTITY,
        "another's siblings",
        lambda s: s["siblings"].props["metadata"].update(name="email-sender-siblings-newsletter"),
        "metadata.name is email-sender-siblings-newsletter",
    ),
]
PERSISTENT_MUTANTS: list[tuple[str, str, Change, str]] = [
    (RULE, "volumes that go with their number", retained("Delete"), "deletes the volumes of its queues by whenScaled"),
    (
        RULE,
        "volumes that go with the set",
        of_workload(persistentVolumeClaimRetentionPolicy={"whenDeleted": "Delete"}),
        "Set persistentVolumeClaimRetentionPolicy.whenDeleted to Retain",
    ),
    (RULE, "a set that hands over", committed_as(lambda body: body.update(spool="handover")), "is no Deployment"),
    (RULE, "no claim", of_workload(volumeClaimTemplates=[]), "Give it a claim of each pod's own, by volumeClaimT"),
    (
        RULE,
        "a claim under another name",
        lambda s: template(s)["metadata"].update(name="queue"),
        "claims queue for each pod",
    ),
    (RULE, "a claim beside", second_template, "claims spare for each pod, which no part of a sender has"),
    (RULE, "a claim to be told", of_workload(volumeClaimTemplates=[UNKNOWN]), "cannot be decided from"),
    (RULE, "a queue elsewhere", remounted(0, "spool", mountPath="/queue"), "so its queue is lost with the container"),
    (RULE, "numbers from elsewhere", of_workload(ordinals={"start": 2}), "numbers its pods from another number"),
    (IDENTITY, "another's siblings", of_workload(serviceName="email-sender-siblings-newsletter"), "spec.serviceName"),
    (
        IDENTITY,
        "a volume of choice",
        lambda s: template(s)["spec"].update(volumeName="pv-1"),
        "names its storage by volumeName",
    ),
    (
        QUOTA,
        "a third volume",
        lambda s: s["quota"].props["spec"]["hard"].update(persistentvolumeclaims="3"),
        "keeps persistentvolumeclaims within 2",
    ),
    (
        QUOTA,
        "a Deployment beside",
        lambda s: s["quota"].props["spec"]["hard"].update({"count/deployments.apps": "1"}),
        "keeps count/deployments.apps within 0",
    ),
    (
        "sender-configured",
        "a third pod",
        of_workload(replicas=3),
        "has 3 replicas, but the committed config says 2",
    ),
    ("sender-configured", "a pod beside, by a set of its own", lambda s: pod(s).update(volumes=[]), "does not mount"),
    ("containers-known", "no gate", lambda s: pod(s)["containers"].pop(), "lacks the container gate"),
    (
        "isolation-before-workload",
        "before all else",
        lambda s: s["stateful-set"].depends_on.clear(),
        "StatefulSet campaign-spring-sale/email-sender-campaign-spring-sale does not depend on",
    ),
    (
        "sender-pinned-to-lane",
        "another's lane",
        lambda s: spec(s)["template"]["metadata"]["labels"].update({"warmlane.dev/lane": "birch"}),
        "label warmlane.dev/lane is birch",
    ),
]
