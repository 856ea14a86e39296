"""The warm-up controller: for each lane and mailbox provider it advances, stays or regresses.

A stage is a number of sending days in the lane's plan, whose next figure is the allowance. The plans and their figures
are those of `warmlane.warmup`; what the gate makes of an allowance is `warmlane.pacing.limits`. At most one step a
sending day up, after a day that was used and clean; down at once; no data, little use or doubt: stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from warmlane.campaign import Plan
from warmlane.feedback import bounds
from warmlane.feedback.confidence import Z95, Z99, wilson
from warmlane.feedback.decision import Decision
from warmlane.feedback.evidence import OPEN_DAYS
from warmlane.feedback.rules import Figure
from warmlane.warmup.plans import published, step
from warmlane.warmup.schedule import REPUTATION_DAYS

USED = 0.8
"""Part of a day's limit that must have been used: a stage that was not tried proves nothing."""
BOUNCES_MOST = 0.05
"""Hard bounces that SES reviews a sender for. On a day of `CERTAIN` messages and more the upper bound (95 %) must lie
below it to advance; at any time a lower bound (99 %) above it regresses."""
BOUNCES_HEALTHY = 0.02
"""On smaller days, which prove little either way, the lower bound (99 %) must not lie above SES' recommended most;
fewer bounces than the tests' floor are no doubt at all."""
CERTAIN = 500
"""Messages from which on both conditions ask for about the same number of bounces: 17 and 18."""
SLOWED_MOST = 0.10
"""Part of the last hour's attempts that may be put off (own and excused ones left out) before the stage regresses, by
the lower bound (99 %); our own figure, as no provider publishes one."""
SLOWED_FLOOR = 10
STEPS_DOWN = 2
REGRESSIONS_MOST = 3
"""Regressions within `REPUTATION_DAYS` after which only a person lets the stage advance again."""
HISTORY = 30
"""Moves that are kept for people to read."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A lane's stage at one provider. Days are sending days as `warmlane.pacing.moments` counts them."""

    stage: int = 0
    moved: int = -1
    """The day of the last step, up or down."""
    judged: int = -1
    """The last day that was judged for an advance."""
    told: int = -1
    """The day on which missing data was told."""
    last_mail: int = -1
    """The last day with mail; -1 for none."""
    regressions: tuple[int, ...] = ()
    history: tuple[tuple[int, str, int], ...] = ()
    """Day, verdict and stage after it, of the last moves."""

    def to_json(self) -> dict[str, Any]:
        """The stage as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Stage:
        """The stage that `to_json` gave."""
        moves = tuple((day, verdict, stage) for day, verdict, stage in saved["history"])
        return cls(**{**saved, "regressions": tuple(saved["regressions"]), "history": moves})


@dataclass(frozen=True, slots=True)
class DayAtProvider:
    """A sending day that is over, all synchronous outcomes in."""

    settled: int
    hard_bounces: int
    used: float
    """Part of the limit that was used, by `used`."""


@dataclass(frozen=True, slots=True)
class Use:
    """What was sent to a provider on a day, its own limit, and what waited for a token at the day's end."""

    sent: int
    limit: int
    waiting: int


def used(lane_limit: int, providers: Mapping[str, Use], provider: str) -> float:
    """Part of a day's limit that was used, 0 to 1: of the provider's own or of the lane's, the larger of both.

    Mail that waits as another provider's limit is reached counts for the lane's, or one provider that lags would keep
    all others back.
    """
    own = providers[provider]
    waited = sum(max(min(each.waiting, lane_limit), 0) for each in providers.values() if each.sent >= each.limit)
    lane = (sum(each.sent for each in providers.values()) + waited) / lane_limit if lane_limit else 0.0
    return min(max(own.sent / own.limit if own.limit else 0.0, lane), 1.0)


@dataclass(frozen=True, slots=True)
class View:
    """What the controller knows when it looks."""

    today: int
    yesterday: DayAtProvider | None
    """None while its outcomes are not complete."""
    known: bool
    """Whether every signal is fresh and whole, the identity agrees and each blocklist answers CLEAN."""
    free: bool
    """Whether the campaign is neither throttled nor held, nor back from it only lately."""
    strain: float
    """The strongest present value of the sequential tests at the provider."""
    bounced: tuple[int, int] = (0, 0)
    """Hard bounces and settled messages of today."""
    put_off: tuple[int, int] = (0, 0)
    """Attempts of the last hour that were put off, and all of them, own and excused ones left out."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """The plan that a stage counts in, and what ends it."""

    plan: Plan
    daily_volume: int
    lifted: bool = False
    """Whether a signed override lifts the upper bound today."""

    def figure(self, stage: int) -> int:
        """Messages/day at a stage, never above the daily volume."""
        return min((published if self.lifted else step)(self.plan, stage + 1), self.daily_volume)


def judge(subject: str, stage: Stage, view: View, ramp: Ramp, now: float) -> tuple[Stage, Decision | None]:
    """The stage after a look, and the decision if one was taken; `now` in seconds since 1970 UTC."""
    today = view.today
    if view.bounced[1] or (view.yesterday is not None and view.yesterday.settled):
        last = today if view.bounced[1] else today - 1
        stage = replace(stage, last_mail=max(stage.last_mail, last))
    idle = stage.last_mail >= 0 and today - stage.last_mail > REPUTATION_DAYS
    if idle and stage.stage:
        return _step(subject, stage, 0, today, now, "idle", {"idle days": today - stage.last_mail}, {})
    down = _against(view)
    if down is not None:
        if not stage.stage or _lowered_already(stage, down[0], today):
            return stage, None
        lower = _lower(stage.stage, ramp)
        counted = (*(day for day in stage.regressions if today - day <= REPUTATION_DAYS), today)
        stage = replace(stage, regressions=counted)
        page = len(counted) >= REGRESSIONS_MOST
        return _step(subject, stage, lower, today, now, *down, page=page)
    if stage.judged >= today or stage.moved >= today:
        return stage, None
    if not view.known or view.yesterday is None:
        if stage.told >= today:
            return stage, None
        return replace(stage, told=today), _stay(subject, stage, now, "no-data", {}, {})
    stage = replace(stage, judged=today)
    reason = _doubt(stage, view, view.yesterday, ramp)
    if reason is not None:
        return stage, _stay(subject, stage, now, *reason)
    inputs: dict[str, Figure] = {
        "messages": view.yesterday.settled,
        "hard bounces": view.yesterday.hard_bounces,
        "used": round(view.yesterday.used, 3),
        "evidence": round(view.strain, 3),
    }
    return _step(
        subject, stage, stage.stage + 1, today, now, "advance", inputs, {"used": USED, "evidence": bounds.CALM}
    )


def lowered(subject: str, stage: Stage, ramp: Ramp, today: int, now: float) -> tuple[Stage, Decision | None]:
    """The stage with which a campaign comes back from a person's release; regressions are forgotten."""
    lower = _lower(stage.stage, ramp) if stage.stage else 0
    return _step(subject, replace(stage, regressions=(), judged=today), lower, today, now, "release", {}, {})


def _lower(stage: int, ramp: Ramp) -> int:
    """Two stages down, and further while that changes nothing: plans stay on figures, and volumes end them early."""
    lower = max(stage - STEPS_DOWN, 0)
    while lower and ramp.figure(lower) >= ramp.figure(stage):
        lower -= 1
    return lower


def _lowered_already(stage: Stage, rule: str, today: int) -> bool:
    """Whether it went down today; by evidence, which days of clean mail have to wear off, in the last week."""
    downs = [day for day, verdict, _ in stage.history if verdict == rule and rule == "evidence"]
    return today in stage.regressions or any(today - day < OPEN_DAYS for day in downs)


Reason = tuple[str, dict[str, Figure], dict[str, Figure]]


def _against(view: View) -> Reason | None:
    """Why the stage goes down now, whatever else is known."""
    if view.strain >= bounds.THROTTLE:
        return "evidence", {"evidence": round(view.strain, 3)}, {"evidence": round(bounds.THROTTLE, 3)}
    deferred, attempts = view.put_off
    lower = wilson(deferred, attempts, Z99)[0]
    if deferred >= SLOWED_FLOOR and lower > SLOWED_MOST:
        return "deferrals", {"deferred": deferred, "attempts": attempts}, {"at least": SLOWED_MOST}
    bounced, settled = view.bounced
    if bounced >= bounds.BOUNCE_FLOORS[1] and wilson(bounced, settled, Z99)[0] > BOUNCES_MOST:
        return "hard-bounces", {"hard bounces": bounced, "messages": settled}, {"at least": BOUNCES_MOST}
    return None


def _doubt(stage: Stage, view: View, day: DayAtProvider, ramp: Ramp) -> Reason | None:
    """Why the stage stays after yesterday; None: it may advance."""
    if ramp.figure(stage.stage) >= ramp.daily_volume:
        return "arrived", {}, {"messages/day": ramp.daily_volume}
    if not view.free:
        return "held-back", {}, {}
    if len([each for each in stage.regressions if view.today - each <= REPUTATION_DAYS]) >= REGRESSIONS_MOST:
        return "too-many-regressions", {"regressions": len(stage.regressions)}, {"regressions": REGRESSIONS_MOST}
    if not day.settled or day.used < USED:
        return "little-use", {"used": round(day.used, 3), "messages": day.settled}, {"used": USED}
    if view.strain >= bounds.CALM:
        return "evidence", {"evidence": round(view.strain, 3)}, {"evidence": round(bounds.CALM, 3)}
    figures: dict[str, Figure] = {"hard bounces": day.hard_bounces, "messages": day.settled}
    if day.settled >= CERTAIN and wilson(day.hard_bounces, day.settled, Z95)[1] >= BOUNCES_MOST:
        return "hard-bounces", figures, {"upper bound": BOUNCES_MOST}
    enough = bounds.BOUNCE_FLOORS[0] <= day.hard_bounces and day.settled < CERTAIN
    if enough and wilson(day.hard_bounces, day.settled, Z99)[0] > BOUNCES_HEALTHY:
        return "hard-bounces", figures, {"lower bound": BOUNCES_HEALTHY}
    return None


def _step(
    subject: str,
    stage: Stage,
    to: int,
    today: int,
    now: float,
    rule: str,
    inputs: dict[str, Figure],
    limits: dict[str, Figure],
    page: bool = False,
) -> tuple[Stage, Decision]:
    history = (*stage.history, (today, rule, to))[-HISTORY:]
    after = replace(stage, stage=to, moved=today, history=history)
    return after, Decision(subject, now, f"warm-up {rule}", f"stage {stage.stage}", f"stage {to}", inputs, limits, page)


def _stay(
    subject: str, stage: Stage, now: float, rule: str, inputs: dict[str, Figure], limits: dict[str, Figure]
) -> Decision:
    same = f"stage {stage.stage}"
    return Decision(subject, now, f"warm-up stays: {rule}", same, same, inputs, limits)


def allowance(stages: dict[str, Stage], ramp: Ramp, lowest: bool = False) -> tuple[int, dict[str, int]]:
    """Messages/day of the lane in all, and at each provider; the plan's first figure where `lowest`.

    The lane may send what its most advanced provider has proven; each provider is bound by its own figure.
    """
    if lowest:
        first = ramp.figure(0)
        return first, dict.fromkeys(stages, first)
    each = {provider: ramp.figure(stage.stage) for provider, stage in stages.items()}
    return max(each.values(), default=ramp.figure(0)), each
