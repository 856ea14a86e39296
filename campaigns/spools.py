"""No deploy changes one kind of spool into the other.

Both workloads would run at once, and the API server would then refuse to delete the old one, which may hold mail.
"""

from __future__ import annotations

import pulumi

from campaigns import kubectl
from campaigns.kubectl import Silent
from warmlane import names
from warmlane.campaign import Campaign, Spool
from warmlane.environment import Environment

KINDS = {Spool.HANDOVER: "deployments", Spool.PERSISTENT: "statefulsets"}


def respect(environment: Environment, environment_name: str, campaign: Campaign) -> None:
    """Raises RunError in an update whose spool is another than the deployed one, and tells of it in a preview.

    A cluster that does not answer is held.respect's to refuse.
    """
    try:
        deployed = other(environment.cluster.context, campaign)
    except Silent:
        return
    if deployed is None:
        return
    refusal = refused(environment_name, campaign, deployed)
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(refusal)
    pulumi.log.warn(f"`up` will refuse this. {refusal}")


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
