"""The schedule that a sender is given stays within its plan and reaches the campaign's daily volume in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from pulumi_policy import Severity

from policies import committed, kubernetes
from policies.leases import begin
from policies.rule import About, Resource, resource_rule
from policies.sender_document import INPUTS, SenderConfig, Unreadable, is_sender_config, read
from warmlane.environment import Lane, Lease
from warmlane.warmup.plans import published
from warmlane.warmup.schedule import Start, schedule

ABOUT = About(
    name="warm-up-schedule",
    display_name="Warm-up schedule",
    description=(
        "Counted from the lane's dated stage, no day exceeds the plan's step, and the daily volume is reached by the "
        "date it is wanted."
    ),
    why=(
        "Mailbox providers defer and block an address whose volume grows faster than they know it, and a limit that "
        "never reaches the volume breaks a promise to those who wait for the mail."
    ),
    remediation="Lower daily_volume, move wanted_by, or lease a lane that is warmer; never edit the schedule itself.",
    severity=Severity.CRITICAL,
    inputs=INPUTS,
)


def judge(resource: Resource) -> Iterator[str]:
    if not is_sender_config(resource):
        return
    what, campaign = kubernetes.title(resource), kubernetes.campaign(resource) or ""
    try:
        config = read(resource)
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    environment = committed.environment(resource.stack)
    lease = environment.leases.get(campaign)
    file = f"Pulumi.{committed.environment_name(resource.stack)}.yaml"
    if lease is None:
        yield f"{what} sends for {campaign}, which holds no lane in {file}. Add leases.{campaign} there."
        return
    start = begin(environment.lanes[lease.lane], lease)
    yield from _facts(resource, what, campaign, config, start)
    yield from _stage_is_over(lease.lane, environment.lanes[lease.lane], file)
    yield from _steps(what, config, start)
    yield from _deadline(what, config, lease, start)


def _facts(resource: Resource, what: str, campaign: str, config: SenderConfig, start: Start) -> Iterator[str]:
    """The schedule counts from what is committed: nobody warms a lane up by writing a higher stage.

    Whose the document is (campaign, lane, HELO name) is judged by `derived-identity`.
    """
    written = committed.campaign(campaign, resource.stack)
    expected: list[tuple[str, Any, Any]] = [
        ("warm_up.stage", config.warm_up.stage, start.stage),
        ("warm_up.starts", config.warm_up.starts, start.day),
    ]
    if written:
        expected += [
            ("warm_up.plan", config.warm_up.plan, written.plan),
            ("sending_domain", config.sending_domain, written.sending_domain),
            ("daily_volume", config.daily_volume, written.daily_volume),
            ("wanted_by", config.wanted_by, written.wanted_by),
        ]
    for key, found, right in expected:
        if found != right:
            yield (
                f"{what} says {key} {found}, but the committed config says {right}. Write it by warmlane.sender_config."
            )


def _stage_is_over(lane_id: str, lane: Lane, file: str) -> Iterator[str]:
    if lane.stage_as_of is not None and lane.stage_as_of >= committed.today():
        yield (
            f"Lane {lane_id} counts sending days up to {lane.stage_as_of} in {file}, a day that is not over (UTC). "
            "Count whole days only."
        )


def _steps(what: str, config: SenderConfig, start: Start) -> Iterator[str]:
    """No day's limit exceeds the plan's figure of the sending days that lie behind it, plus one, or the daily volume,
    by which caps are reckoned."""
    plan = config.warm_up.plan
    for offset, limit in enumerate(config.warm_up.limits):
        day, number = start.day + timedelta(days=offset), start.stage + 1 + offset
        most = published(plan, number)
        if limit > most:
            yield (
                f"{what} allows {limit} messages on {day}, sending day {number}, and the plan {plan} allows {most}. "
                f"Lower the limit of that day to {most} or less."
            )
        if limit > config.daily_volume:
            yield (
                f"{what} allows {limit} messages on {day}, and the campaign's daily volume is {config.daily_volume}. "
                "Write the limits by warmlane.sender_config."
            )


def _deadline(what: str, config: SenderConfig, lease: Lease, start: Start) -> Iterator[str]:
    warm_up = config.warm_up
    offset = next((index for index, limit in enumerate(warm_up.limits) if limit >= config.daily_volume), None)
    reached: date | None = None if offset is None else start.day + timedelta(days=offset)
    if reached is not None and reached <= config.wanted_by:
        return
    lifted_until = lease.override.until if lease.override else None
    earliest = schedule(warm_up.plan, start, config.daily_volume, lifted_until).reached()
    when = f"on {reached}" if reached else "never"
    yield (
        f"{what} reaches {config.daily_volume} messages/day {when}, and it is wanted by {config.wanted_by}. The "
        f"earliest date under the plan {warm_up.plan} is {earliest}: set wanted_by to {earliest} or later, lower "
        "daily_volume, or lease a warmer lane."
    )


RULE = resource_rule(ABOUT, judge)
