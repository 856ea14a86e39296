"""The schedule that a sender is given stays within its plan and reaches the campaign's daily volume in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any

from pulumi_policy import Severity
from pydantic import Field, ValidationError

from policies import committed, kubernetes
from policies.plain import at
from policies.rule import About, Resource, resource_rule
from warmlane import names
from warmlane.base import Identifier, Model
from warmlane.campaign import Plan
from warmlane.sender_config import CONFIG_KEY
from warmlane.validation import problems
from warmlane.warmup.plans import SPARKPOST, step
from warmlane.warmup.schedule import earliest_date

ABOUT = About(
    name="warm-up-schedule",
    display_name="Warm-up schedule",
    description="No sending day exceeds the plan's step, and the daily volume is reached by the date it is wanted.",
    remediation="Lower daily_volume, move wanted_by, or lease a lane that is warmer; never edit the schedule itself.",
    severity=Severity.CRITICAL,
)

Messages = Annotated[int, Field(ge=1, le=SPARKPOST[-1])]


class WarmUp(Model):
    """The part `warm_up` of a sender's configuration."""

    plan: Plan
    stage: Annotated[int, Field(ge=0)]
    since: date
    first_day: Annotated[int, Field(ge=1)]
    limits: Annotated[list[Messages], Field(min_length=1)]


class SenderConfig(Model):
    """A sender's configuration, as `warmlane.sender_config` writes it."""

    campaign: Identifier
    lane: Identifier
    hostname: str
    sending_domain: str
    daily_volume: Messages
    wanted_by: date
    warm_up: WarmUp


def judge(resource: Resource) -> Iterator[str]:
    campaign = kubernetes.campaign(resource)
    is_config = kubernetes.kind(resource) == "ConfigMap" and kubernetes.name(resource) == names.SENDER_CONFIG_MAP
    if not is_config or not campaign:
        return
    what, text = kubernetes.title(resource), at(resource.props, "data", CONFIG_KEY)
    if not isinstance(text, str):
        yield (
            f"{what} has no schedule in the plan. Set its key {CONFIG_KEY} from warmlane.sender_config, without "
            "Outputs."
        )
        return
    try:
        config = SenderConfig.model_validate(json.loads(text))
    except ValidationError as error:
        found = "; ".join(map(str, problems(error, SenderConfig)))
        yield f"{what} does not hold a sender's configuration ({found}). Write it by warmlane.sender_config."
        return
    except ValueError:
        yield f"{what} does not hold JSON in {CONFIG_KEY}. Write it by warmlane.sender_config."
        return
    yield from _facts(resource, what, campaign, config)
    yield from _steps(what, config)
    yield from _deadline(what, config)


def _facts(resource: Resource, what: str, campaign: str, config: SenderConfig) -> Iterator[str]:
    """The schedule counts from what is committed: nobody warms a lane up by writing a higher stage."""
    environment = committed.environment(resource.stack)
    written = committed.campaign(campaign, resource.stack)
    lease = environment.leases.get(campaign)
    expected: list[tuple[str, Any, Any]] = [("campaign", config.campaign, campaign)]
    if lease:
        lane = environment.lanes[lease.lane]
        expected += [
            ("lane", config.lane, lease.lane),
            ("hostname", config.hostname, names.lane_host(lease.lane, environment.domain)),
            ("warm_up.stage", config.warm_up.stage, lane.stage),
            ("warm_up.since", config.warm_up.since, lease.since),
        ]
    if written:
        expected += [
            ("warm_up.plan", config.warm_up.plan, written.plan),
            ("daily_volume", config.daily_volume, written.daily_volume),
            ("wanted_by", config.wanted_by, written.wanted_by),
        ]
    for key, found, right in expected:
        if found != right:
            yield (
                f"{what} says {key} {found}, but the committed config says {right}. Write it by warmlane.sender_config."
            )


def _steps(what: str, config: SenderConfig) -> Iterator[str]:
    warm_up = config.warm_up
    if warm_up.first_day != warm_up.stage + 1:
        yield (
            f"{what} starts on the plan's sending day {warm_up.first_day}, but the lane has {warm_up.stage} behind "
            f"it. Start on day {warm_up.stage + 1}."
        )
    for offset, limit in enumerate(warm_up.limits):
        day = warm_up.first_day + offset
        most = step(warm_up.plan, day)
        if limit > most:
            yield (
                f"{what} allows {limit} messages on sending day {day}, and the plan {warm_up.plan} allows {most}. "
                f"Lower the limit of that day to {most} or less."
            )


def _deadline(what: str, config: SenderConfig) -> Iterator[str]:
    warm_up = config.warm_up
    days = next((offset for offset, limit in enumerate(warm_up.limits) if limit >= config.daily_volume), None)
    reached = None if days is None else warm_up.since + timedelta(days=days)
    if reached is not None and reached <= config.wanted_by:
        return
    earliest = earliest_date(warm_up.plan, warm_up.stage, config.daily_volume, warm_up.since)
    when = f"on {reached}" if reached else "never"
    yield (
        f"{what} reaches {config.daily_volume} messages/day {when}, and it is wanted by {config.wanted_by}. The "
        f"earliest date under the plan {warm_up.plan} is {earliest}: set wanted_by to {earliest} or later, lower "
        "daily_volume, or lease a warmer lane."
    )


RULE = resource_rule(ABOUT, judge)
