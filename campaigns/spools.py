"""What of a sender's queue a deploy must see to, as the API server can't.

A campaign whose spool changes would run both workloads at once, and then be refused to delete the old one, which holds
mail. A pod of a StatefulSet that goes for good hands its queue over, where it knows: each is told in its configuration
how many stay, and a mounted ConfigMap follows only after a minute, unless its pod is touched.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pulumi

from campaigns import kubectl
from campaigns.kubectl import Silent
from warmlane import names, sizing
from warmlane.campaign import Campaign, Spool
from warmlane.environment import Environment
from warmlane.sender_config import CONFIG_DIRECTORY, CONFIG_KEY

STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
KINDS = {Spool.HANDOVER: "deployments", Spool.PERSISTENT: "statefulsets"}
HOOK = "pods-know-that-they-go-before-they-do"
TOLD = "warmlane.dev/replicas"
"""Annotation of a running pod, whose change has its kubelet bring mounted ConfigMaps up to date at once."""
TOLD_WITHIN = 90.0
"""Seconds; without the annotation a kubelet takes about as long (its sync period and its cache's, a minute)."""


def respect(environment: Environment, environment_name: str, campaign: Campaign) -> None:
    """Refuses another spool than the deployed one, and has pods told before a StatefulSet is made smaller.

    Raises RunError in an update. A cluster that does not answer is held.respect's to refuse.
    """
    context = environment.cluster.context
    try:
        deployed = other(context, campaign)
    except Silent:
        deployed = None
    if deployed is not None:
        refusal = refused(environment_name, campaign, deployed)
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(refusal)
        pulumi.log.warn(f"`up` will refuse this. {refusal}")
    if campaign.spool is Spool.PERSISTENT:
        _install(context, campaign.id)


def other(context: str, campaign: Campaign) -> Spool | None:
    """The spool that the campaign's sender is deployed with where that is another one. Raises Silent."""
    for spool in Spool:
        namespace, name = names.namespace(campaign.id), names.deployment(campaign.id)
        path = f"/apis/apps/v1/namespaces/{namespace}/{KINDS[spool]}/{name}"
        if spool is not campaign.spool and kubectl.find(context, path) is not None:
            return spool
    return None


def refused(environment_name: str, campaign: Campaign, deployed: Spool) -> str:
    """Why a campaign's spool can't be changed by a deploy, and how it is."""
    stack = f"-e {environment_name} -c {campaign.id}"
    return (
        f"{campaign.id} is deployed with `spool: {deployed}`, and {campaign.spool} is another workload with other "
        f"volumes, to which no queue moves. Let its queue empty, then `warmlane destroy {stack}` and "
        f"`warmlane up {stack}`; or set `spool: {deployed}` again."
    )


def tell(
    context: str,
    campaign_id: str,
    before: int,
    after: int,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Lets the pods that go know it, and gives those that can't: what they have stays on their volumes.

    Returns when each knows, or after TOLD_WITHIN seconds.
    """
    going = [f"{names.deployment(campaign_id)}-{ordinal}" for ordinal in range(after, before)]
    where = ("-n", names.namespace(campaign_id))
    for pod in going:
        kubectl.run(context, "annotate", "pod", pod, *where, "--overwrite", f"{TOLD}={after}")
    deadline = clock() + TOLD_WITHIN
    while left := [pod for pod in going if _read(context, campaign_id, pod) != after]:
        if clock() >= deadline:
            return left
        sleep(1)
    return []


def _read(context: str, campaign_id: str, pod: str) -> int | None:
    """How many pods stay, as a pod finds it in its configuration; None where it does not say."""
    file = f"{CONFIG_DIRECTORY}/{CONFIG_KEY}"
    where = ("-n", names.namespace(campaign_id), pod, "-c", sizing.GATE)
    done = kubectl.run(context, "exec", *where, "--", "cat", file)
    try:
        return int(json.loads(done.stdout)["replicas"])
    except (ValueError, TypeError, LookupError):
        return None


def _replicas(inputs: Any) -> int:
    spec = (inputs or {}).get("spec") or {}
    return int(spec.get("replicas", 1))


def _install(context: str, campaign_id: str) -> None:
    def hook(args: pulumi.ResourceHookArgs) -> None:
        before, after = _replicas(args.old_inputs), _replicas(args.new_inputs)
        try:
            left = tell(context, campaign_id, before, after) if after < before else []
        except Silent as silent:
            raise pulumi.RunError(f"The pods of {campaign_id} that go were not told: {silent}") from None
        if left:
            pulumi.log.warn(
                f"{', '.join(left)} did not learn in {TOLD_WITHIN:.0f} s that they go. What they have queued stays on "
                f"their volumes, and is sent when sender.replicas is {before} again."
            )

    told = pulumi.ResourceHook(HOOK, hook)
    hooks = pulumi.ResourceHookBinding(before_update=[told])

    def transformation(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != STATEFUL_SET:
            return None
        more = pulumi.ResourceOptions(hooks=hooks)
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))

    pulumi.runtime.register_stack_transformation(transformation)
