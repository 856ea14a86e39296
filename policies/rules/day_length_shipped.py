"""A sending day has 24 hours: a shorter one is a lab's, since every limit of a warm-up is one of messages a day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pulumi_policy import Severity
from pydantic import Field

from policies import committed, kubernetes
from policies.about import Looser
from policies.rule import About, Resource, configured_resource_rule
from policies.sender_document import INPUTS, Unreadable, is_sender_config, read
from warmlane.base import Model
from warmlane.pacing.moments import UTC_DAY


class DayLength(Model):
    """Properties of the rule in the pack's config."""

    shortest: Annotated[int, Field(ge=24, le=UTC_DAY), Looser.LOWER] = Field(
        default=UTC_DAY, description="Shortest sending day that the environment may have, in seconds; lower in a lab."
    )


ABOUT = About(
    name="day-length-shipped",
    display_name="Length of a sending day",
    description=(
        "A sender's day is as long as the environment's config says, and 24 hours where the pack's config does not "
        "allow a shorter one."
    ),
    why=(
        "Published warm-ups count messages a day of 24 hours. A sender whose day has 12 of them sends twice what a "
        "limit says, and climbs its plan twice as fast."
    ),
    remediation=(
        "Remove day_length from Pulumi.<environment>.yaml. For a lab, set day-length-shipped.shortest in "
        "policies/config/<environment>.json."
    ),
    severity=Severity.CRITICAL,
    inputs=INPUTS,
)


def judge(resource: Resource, config: DayLength) -> Iterator[str]:
    if not is_sender_config(resource):
        return
    what = kubernetes.title(resource)
    try:
        found = read(resource).day_length
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    right, name = committed.environment(resource.stack).day_length, committed.environment_name(resource.stack)
    if found != right:
        yield (
            f"{what} says day_length {found}, but the committed config says {right}. Write it by "
            "warmlane.sender_config."
        )
    if found < config.shortest:
        yield (
            f"{what} has a sending day of {found} s, so that its limits come {UTC_DAY / found:.3g} times a day; "
            f"policies/config/{name}.json allows {config.shortest} s or more. Remove day_length from "
            f"Pulumi.{name}.yaml."
        )


RULE = configured_resource_rule(ABOUT, DayLength, judge)
