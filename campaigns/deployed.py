"""What the environment's stack has deployed, against what is committed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import pulumi
from pulumi.output import UNKNOWN

from warmlane import names
from warmlane.environment import Lease

Value = TypeVar("Value")


@dataclass(frozen=True)
class Deployed:
    """The environment's stack as a campaign sees it.

    `stack` is known once the committed lease has been compared with the deployed one, and what depends on it waits for
    that; `address` is the lane's public address, unknown while the lease is not deployed.
    """

    stack: pulumi.Output[pulumi.StackReference]
    address: pulumi.Output[str]
    store_access: pulumi.Output[dict[str, str]]
    """The files with which the campaign's sender reaches the store; secret, and unknown while the lease is."""


def deployed(environment_name: str, campaign: str, lease: Lease) -> Deployed:
    """Compares the committed lease with the deployed stack of the environment.

    Where they differ: in a preview a warning and an unknown address (a pull request may add lane, lease and campaign
    together), in an update an error that stops it before anything is made.
    """
    stack = pulumi.StackReference(
        "environment", stack_name=f"{pulumi.get_organization()}/{names.ENVIRONMENT_PROJECT}/{environment_name}"
    )

    def compare(outputs: Mapping[str, Any]) -> str | None:
        lanes, leases = outputs["lanes"] or {}, outputs["leases"] or {}
        missing = undeployed(campaign, lease, environment_name, lanes, leases)
        if missing is None:
            return str(lanes[lease.lane]["address"])
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(missing)
        pulumi.log.warn(missing)
        return None

    both = pulumi.Output.all(lanes=stack.get_output("lanes"), leases=stack.get_output("leases"))
    found = both.apply(compare)

    def own(address_and_access: list[Any]) -> Any:
        own_access = (address_and_access[1] or {}).get(campaign)
        if own_access is None and not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(no_access(campaign, environment_name))
        return _unknown() if own_access is None else own_access

    # Not before the lease has been compared: that says more of what to do.
    access = pulumi.Output.all(found, stack.get_output("store_access")).apply(own)
    return Deployed(
        found.apply(lambda _: stack), found.apply(lambda address: _unknown() if address is None else address), access
    )


def undeployed(
    campaign: str, lease: Lease, environment_name: str, lanes: Mapping[str, Any], leases: Mapping[str, str]
) -> str | None:
    """Why the deployed environment does not let the campaign send yet; None when it does."""
    now = leases.get(campaign)
    if now == lease.lane and lease.lane in lanes:
        return None
    held = f"the deployed stack still leases {now} to it" if now else "the deployed stack leases it no lane"
    return (
        f"Pulumi.{environment_name}.yaml leases lane {lease.lane} to {campaign}, but {held}. "
        f"Run `pulumi up -s {environment_name}` in the repository's root first."
    )


def no_access(campaign: str, environment_name: str) -> str:
    """Why a campaign of an environment that was deployed before the store opened to senders can't be deployed."""
    return (
        f"The deployed stack of {environment_name} gives {campaign} no access to the store. Run `pulumi up -s "
        f"{environment_name}` in the repository's root first."
    )


def _unknown() -> pulumi.Output[Any]:
    async def resolved(value: Value) -> Value:
        return value

    return pulumi.Output(resolved(set()), resolved(UNKNOWN), resolved(False))
