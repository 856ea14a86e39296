"""While a hold stands, no deploy touches the pods that keep the mail.

The workload is registered with its deployed spec in place of the program's, which the engine puts there before the
provider and the policy pack see it. So nothing that changes a pod, or how many there are, is planned. Its bounds stay
as well, or a pod that must be made again might not fit in them. All else is deployed.
"""

from __future__ import annotations

import pulumi

from campaigns import record
from campaigns.kubectl import Silent
from campaigns.record import Standing
from warmlane import hold
from warmlane.environment import Environment

WORKLOADS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
BOUNDS = ("kubernetes:core/v1:ResourceQuota", "kubernetes:core/v1:LimitRange")
SPEC = "spec"
FORCE = "force_change_under_hold"
HOOK = "the-hold-is-mirrored-before-a-sender-starts"


def respect(environment: Environment, environment_name: str, campaign: str) -> Standing | None:
    """Reads the record and says what stands; from here on the workload keeps to it. Gives the record that was found.

    Raises RunError in an update when the cluster does not answer.
    """
    context, forced = environment.cluster.context, force_reason(pulumi.Config("warmlane").get(FORCE))
    try:
        standing = record.standing(context, campaign)
    except Silent as silent:
        unproven = unanswered(context, campaign, silent)
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(unproven) from None
        pulumi.log.warn(f"`up` will refuse this. {unproven}")
        return None
    for text in told(standing, environment_name, campaign, forced):
        pulumi.log.warn(text)
    if standing is not None and standing.level is not hold.Level.NONE:
        _install(context, campaign, standing, frozen=standing.stands and forced is None)
    return standing


def force_reason(given: str | None) -> str | None:
    """The reason for which pods are changed under a hold; None where that is not asked for. Raises RunError."""
    if given is not None and not given.strip():
        raise pulumi.RunError(f"warmlane:{FORCE} is empty. Give the reason as its value, or take it away.")
    return given


def unanswered(context: str, campaign: str, silent: Silent) -> str:
    """Why nothing is deployed while nobody can say whether a hold stands."""
    return (
        f"The cluster of context {context} did not say whether a hold stands on {campaign} ({silent}). Make `kubectl "
        f"--context {context} get nodes` answer in this shell, and see that you may `get` ConfigMaps of "
        "warmlane-platform; then run it again."
    )


def told(standing: Standing | None, environment_name: str, campaign: str, forced: str | None) -> list[str]:
    """What a person must know of the hold before they deploy."""
    if standing is None or not standing.stands:
        level = standing.told if standing and standing.record and standing.record.factor < 1 else None
        lines = [f"{campaign} is {level}"] if level else []
        if forced is not None:
            lines.append(f"warmlane:{FORCE} is set and no hold stands on {campaign}: take it away.")
        return lines
    what = f"{campaign} is {standing.told}"
    if forced is not None:
        return [f"{what} Its pods change nevertheless (warmlane:{FORCE}: {forced}); what they hold moves or is lost."]
    release = f"`warmlane release -e {environment_name} -c {campaign} --reason ...`"
    return [
        f"{what} Its pods and their number stay as they are deployed. {release} ends the hold; to change them before, "
        f'`pulumi config set warmlane:{FORCE} "<reason>"`.'
    ]


def _install(context: str, campaign: str, standing: Standing, frozen: bool) -> None:
    def hook(_: pulumi.ResourceHookArgs) -> None:
        try:
            record.restore_mirror(context, campaign, standing)
        except Silent as silent:
            raise pulumi.RunError(f"The sender of {campaign} was not told of its hold: {silent}") from None

    mirrored = pulumi.ResourceHook(HOOK, hook)
    hooks = pulumi.ResourceHookBinding(before_create=[mirrored], before_update=[mirrored])
    # A deployed spec that a hold protects is kept, whatever the program says meanwhile.
    kept = [SPEC] if frozen else []

    def transformation(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ in WORKLOADS:
            more = pulumi.ResourceOptions(ignore_changes=kept, hooks=hooks)
        elif args.type_ in BOUNDS:
            more = pulumi.ResourceOptions(ignore_changes=kept)
        else:
            return None
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, more))

    pulumi.runtime.register_stack_transformation(transformation)
