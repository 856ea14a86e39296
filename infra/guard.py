"""An environment is not destroyed while campaigns send from its lanes, whoever destroys it.

The lease table carries a delete hook. The engine keeps the hook's name in the state: `pulumi destroy` without the
program refuses at once, naming it, and with `--run-program` the preview calls the hook before anything is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pulumi

from infra import live
from warmlane.environment import Environment

RESOURCE = "platform-lease-table"
HOOK = "no-campaign-lives-in-this-environment"
"""The engine shows it to whoever destroys without the program."""

Look = Callable[[], Iterable[live.Workload] | None]


def install(environment: Environment, look: Look) -> None:
    """From here on the lease table can't be deleted while `look` finds a sender, or the cluster does not answer."""

    def hook(_: pulumi.ResourceHookArgs) -> None:
        refusal = why_not(environment.cluster.context, look())
        if refusal is not None:
            raise pulumi.RunError(refusal)

    # In previews too: a destroy would otherwise delete what stands beside the table before it comes to it.
    opts = pulumi.ResourceHookOptions(on_dry_run=True)
    hooks = pulumi.ResourceHookBinding(before_delete=[pulumi.ResourceHook(HOOK, hook, opts)])

    def transformation(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.name != RESOURCE:
            return None
        merged = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=hooks))
        return pulumi.ResourceTransformationResult(props=args.props, opts=merged)

    pulumi.runtime.register_stack_transformation(transformation)


def why_not(context: str, found: Iterable[live.Workload] | None) -> str | None:
    """Why the environment may not be destroyed; None when it may. `found` is None when the cluster did not answer."""
    if found is None:
        return (
            f"The cluster of context {context} did not answer, so nobody knows whether campaigns still send. Make "
            f"`kubectl --context {context} get nodes` answer in this shell, then run it again."
        )
    campaigns = sorted({workload.campaign for workload in found})
    if not campaigns:
        return None
    return f"Campaigns still send from its lanes: {', '.join(campaigns)}. Destroy their stacks first."
