"""`warmlane hold` and `warmlane release`: the record first, then its mirror, by the person's own credentials."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import ValidationError

from cli import stacks
from cli.cluster import Cluster
from cli.hold import objects
from cli.invocation import Invocation, committed, engine_of
from cli.options import EnvironmentOption
from cli.outcome import Code, Misused, WorldFailed
from warmlane import config, hold, names
from warmlane.validation import problems

CampaignOption = Annotated[str, typer.Option("--campaign", "-c", help="The campaign.")]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why, in one line; producers read it too.")]


class Held(StrEnum):
    """The levels that a person may set."""

    THROTTLED = hold.Level.THROTTLED.value
    QUARANTINED = hold.Level.QUARANTINED.value
    RETIRED = hold.Level.RETIRED.value


def hold_(
    context: typer.Context,
    campaign: CampaignOption,
    reason: ReasonOption,
    level: Annotated[Held, typer.Option("--level", "-l", help="How much is held.")] = Held.QUARANTINED,
    throttle: Annotated[
        str | None, typer.Option("--throttle", help="With throttled: the part of the day's limit, such as 0.25.")
    ] = None,
    environment: EnvironmentOption = "dev",
) -> None:
    """Holds a campaign's mail: throttled, quarantined (nothing leaves, all is kept) or retired."""
    if (level is Held.THROTTLED) != (throttle is not None):
        raise Misused(
            "--throttle goes with the level throttled, and that level needs it.",
            "Give both, such as --level throttled --throttle 0.25, or neither.",
        )
    _decide(context.obj, "hold", environment, campaign, hold.Level(level.value), throttle, reason)


def release(
    context: typer.Context, campaign: CampaignOption, reason: ReasonOption, environment: EnvironmentOption = "dev"
) -> None:
    """Ends a hold: the sender goes on within what its warm-up allows."""
    _decide(context.obj, "release", environment, campaign, hold.Level.NONE, "1", reason)


def _decide(
    invocation: Invocation,
    command: str,
    environment: str,
    campaign: str,
    level: hold.Level,
    throttle: str | None,
    reason: str,
) -> None:
    stacks.selected(invocation.repository, environment, (), False)
    loaded = committed(invocation.repository, environment)
    if not re.fullmatch(names.ID_PATTERN, campaign) or len(campaign) > names.ID_LENGTH:
        raise Misused(f"{campaign} is no campaign's id.", "`warmlane status` shows the campaigns.")
    cluster = Cluster(loaded.cluster.context, engine_of(invocation, loaded, environment).variables)
    before = objects.read(cluster, campaign)
    _refuse_unknown(invocation, cluster, environment, campaign, before)
    output, facts = invocation.output, {"environment": environment, "campaign": campaign}
    if level is hold.Level.NONE and _released(before):
        output.note(f"No hold stands on {campaign}; nothing was changed.")
        output.document(command, Code.FINE, **facts, changed=False, record=None, mirrored=None)
        raise typer.Exit(Code.FINE)
    try:
        record = objects.decide(cluster, campaign, before, level, throttle or "0", reason)
    except ValidationError as error:
        said = "; ".join(str(problem) for problem in problems(error, hold.Record))
        raise Misused(f"A hold can't be written so: {said}.", "Give --reason and --throttle as it says.") from None
    output.note(f"{campaign} was {before[0].told}")
    output.note(f"{campaign} is {record.told}")
    try:
        mirrored = objects.mirrored(cluster, campaign, record)
    except WorldFailed as failure:
        raise WorldFailed(
            f"The record stands ({record.told}) but its mirror was not written, so the sender does not know yet: "
            f"{failure.what}",
            f"Run the command again. {failure.advice}",
        ) from None
    output.note(
        "Its sender reads it within about a minute and a half; `pulumi up` leaves its pods alone while it stands."
        if mirrored and record.stands
        else "Its sender reads it within about a minute and a half."
        if mirrored
        else f"There is no namespace {names.namespace(campaign)}, so nothing sends; the next `up` finds the record."
    )
    output.document(command, Code.FINE, **facts, changed=True, record=record.model_dump(mode="json"), mirrored=mirrored)
    raise typer.Exit(Code.FINE)


def _released(before: tuple[objects.Found, objects.Found]) -> bool:
    """Whether record and mirror say the same, and that is no hold."""
    record, mirror = (one.record for one in before)
    return record is not None and record == mirror and record.level is hold.Level.NONE


def _refuse_unknown(
    invocation: Invocation,
    cluster: Cluster,
    environment: str,
    campaign: str,
    before: tuple[objects.Found, objects.Found],
) -> None:
    """Raises Misused for a campaign that neither the config nor the cluster knows: a hold on a misspelt one holds
    nothing."""
    known = config.campaign_stacks(invocation.repository, environment)
    there = f"Campaigns of {environment}: {', '.join(known) or 'none'}."
    if campaign in known or any(one.version for one in before):
        return
    if cluster.find(f"/api/v1/namespaces/{names.namespace(campaign)}") is None:
        raise Misused(
            f"There is no campaign {campaign} in {environment}: no file "
            f"{config.campaign_file(campaign, environment)}, and the cluster does not know it.",
            there,
        )
