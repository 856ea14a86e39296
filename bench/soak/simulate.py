"""Simulated campaign-months: false quarantines, delays beside common rules, and warm-ups under the controller.

The guardian's figures are constants of `warmlane/feedback`; those of the rules it is compared with are fixed on one
set of seeds so that they raise as few false alarms as the target allows. Everything is reported on another set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from bench.soak.simulation import ramp
from bench.soak.simulation.detectors import BASELINES, KINDS, OURS, THROTTLE, Limits, Seen, watch
from bench.soak.simulation.figures import correlation, curve, most_events, threshold, upper_bound
from bench.soak.simulation.mail import day_rates, month
from bench.soak.simulation.profiles import BAD, HEALTHY, NOT_BAD, Profile, constant
from warmlane.campaign import Plan
from warmlane.feedback import bounds
from warmlane.feedback.hypotheses import CORRELATION

FIXED, REPORTED = "fixed", "held out, third"
"""The two sets of seeds. Whoever changes a rule after a look at what is reported takes another name for the second, or
it is no longer held out. After `reported` the sum over all providers came, after `held out` the bound's margin."""
CHUNK = 25
VOLUMES = (2_000, 50_000)
LATE_MOST = 3
"""Sending days by which a healthy, fully used lane may be later than its fixed plan."""
BAD_LANES = {
    "1 % complaints": (0.01, 0.01),
    "0.3 % complaints": (0.01, 0.003),
    "8 % hard bounces, 0.3 % complaints": (0.08, 0.003),
}
BAD_DAYS = 30


@dataclass(frozen=True)
class Size:
    """How much is simulated."""

    healthy: int = 10_000
    """Campaign-months of the healthy profile, in each set."""
    others: int = 1_000
    """Campaign-months of each other profile that isn't bad."""
    bad: int = 100
    """Months of each bad profile."""
    lanes: int = 40
    """Warm-ups of each plan and volume."""


def run(seed: int, size: Size = Size()) -> dict[str, Any]:
    """Rates, curves and warm-ups; `met` when the target's bound holds and no healthy lane is later than it may be."""
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        apply = partial(_apply, pool)
        tune = partial(_months, limits={})
        fixed = [one for part in apply(tune, _tasks(FIXED, seed, HEALTHY, size.healthy)) for one in part]
        limits = _limits(fixed)
        not_bad = {
            profile.name: _false_alarms(
                apply, seed, profile, size.healthy if profile is HEALTHY else size.others, limits
            )
            for profile in NOT_BAD
        }
        bad = {profile.name: _delays(apply, seed, profile, size.bad, limits) for profile in BAD}
        climbs = {
            f"{plan}, {volume} messages/day": _climbs(apply, seed, plan, volume, size.lanes)
            for plan in Plan
            for volume in VOLUMES
        }
        spared = {name: _spared(apply, seed, *rates, size.lanes) for name, rates in BAD_LANES.items()}
    rng = Random(f"{seed} correlation")
    seen = {
        name: [r for _ in range(200) for r in day_rates(rng, HEALTHY, constant(kind.healthy))]
        for name, kind in KINDS.items()
    }
    late = max(one["most"] for one in climbs.values())
    return {
        "met": not_bad[HEALTHY.name]["guardian"]["upper bound"] <= bounds.FALSE_QUARANTINES
        and late <= LATE_MOST
        and all(one["controlled"] < one["fixed"] for one in spared.values()),
        "target": bounds.FALSE_QUARANTINES,
        "bound": {"quarantine": bounds.QUARANTINE, "throttle": bounds.THROTTLE},
        "correlation": {"set": CORRELATION, **{name: round(correlation(rates), 5) for name, rates in seen.items()}},
        "false quarantines on the fixed set": {"alarms": sum(OURS in one.first for one in fixed), "of": len(fixed)},
        "thresholds of the others": {f"{who}: {signal}": limit for (who, signal), limit in limits.items()},
        "false alarms": not_bad,
        "delays": bad,
        "earlier than the guardian": _wins(bad),
        "warm-up, sending days later than the fixed plan": climbs,
        "warm-up, complaints of bad lanes in 30 days": spared,
    }


Apply = Callable[..., list[Any]]
Task = tuple[str, Profile, int, int]


def _apply(pool: ProcessPoolExecutor, work: Callable[..., Any], tasks: Iterable[Any]) -> list[Any]:
    return list(pool.map(work, tasks))


def _tasks(which: str, seed: int, profile: Profile, campaigns: int) -> Iterator[Task]:
    months = -(-campaigns // profile.campaigns)
    for first in range(0, months, CHUNK):
        yield f"{seed} {which} {profile.name}", profile, first, min(first + CHUNK, months)


def _months(task: Task, limits: Limits) -> list[Seen]:
    name, profile, first, end = task
    return [seen for number in range(first, end) for seen in watch(month(Random(f"{name} {number}"), profile), limits)]


def _limits(fixed: Sequence[Seen]) -> Limits:
    """Thresholds of the common rules: both signals share what the target allows, as one number of alarms each."""
    allowed = max(most_events(bounds.FALSE_QUARANTINES, len(fixed)) // 2, 0)
    return {
        (who, signal): threshold([seen.highest.get((who, signal), 0.0) for seen in fixed], allowed)
        for who in BASELINES
        for signal in KINDS
    }


def _false_alarms(apply: Apply, seed: int, profile: Profile, campaigns: int, limits: Limits) -> dict[str, Any]:
    parts = apply(partial(_months, limits=limits), _tasks(REPORTED, seed, profile, campaigns))
    seen = [one for part in parts for one in part]

    def counted(who: str) -> dict[str, float]:
        alarms = sum(who in one.first for one in seen)
        return {"alarms": alarms, "upper bound": upper_bound(alarms, len(seen))}

    return {"campaign-months": len(seen), **{who: counted(who) for who in (OURS, THROTTLE, *BASELINES)}}


def _delay(task: Task, limits: Limits) -> list[dict[str, tuple[float, int] | None]]:
    """For each month of a bad profile and each detector: days and messages until it stopped a campaign."""
    name, profile, first, end = task
    since, found = profile.first_bad or 0.0, []
    for number in range(first, end):
        mail = month(Random(f"{name} {number}"), profile)
        for campaign, seen in enumerate(watch(mail, limits, since)):
            before = mail.total(campaign, since)
            found.append(
                {
                    who: (at - since, mail.total(campaign, at) - before)
                    if (at := seen.first.get(who)) is not None and who not in seen.early
                    else None
                    for who in (OURS, THROTTLE, *BASELINES)
                }
            )
    return found


def _delays(apply: Apply, seed: int, profile: Profile, campaigns: int, limits: Limits) -> dict[str, Any]:
    parts = apply(partial(_delay, limits=limits), _tasks(REPORTED, seed, profile, campaigns))
    found = [one for part in parts for one in part]
    curves = {}
    for who in (OURS, THROTTLE, *BASELINES):
        delays = [one[who] for one in found]
        curves[who] = {
            "stopped": sum(delay is not None for delay in delays) / len(delays),
            "days": curve([delay and delay[0] for delay in delays]),
            "messages": curve([delay and delay[1] for delay in delays]),
        }
    return curves


def _wins(bad: dict[str, Any]) -> list[dict[str, Any]]:
    """Where a common rule stops bad mail after fewer messages than the guardian, quantile by quantile."""
    wins = []
    for profile, curves in bad.items():
        ours = curves[OURS]["messages"]
        for who in BASELINES:
            theirs = curves[who]["messages"]
            at = [q for q, value in theirs.items() if value is not None and (ours[q] is None or value < ours[q])]
            if at:
                middle = {who: theirs["50 %"], OURS: ours["50 %"]}
                wins.append({"profile": profile, "rule": who, "quantiles": at, "messages at 50 %": middle})
    return wins


def _climb(task: tuple[str, Plan, int]) -> int:
    """Sending days by which a healthy lane is later than its fixed plan; a day more than looked at if it never came."""
    name, plan, volume = task
    rng = Random(name)
    lane = ramp.healthy(rng, plan, volume)
    planned = ramp.fixed(lane, Random(f"{name} mail"), days=60).reached
    if planned is None:
        raise RuntimeError(f"plan {plan} does not reach {volume} messages/day in 60 sending days")
    days = planned + 4 * LATE_MOST
    reached = ramp.controlled(lane, Random(f"{name} mail"), days).reached
    return (days + 1 if reached is None else reached) - planned


def _climbs(apply: Apply, seed: int, plan: Plan, volume: int, lanes: int) -> dict[str, Any]:
    tasks = [(f"{seed} {REPORTED} {plan} {volume} {number}", plan, volume) for number in range(lanes)]
    late = sorted(apply(_climb, tasks))
    return {"lanes": lanes, "most": late[-1], "95 %": late[len(late) * 95 // 100], "mean": sum(late) / len(late)}


def _complaints(task: tuple[str, float, float]) -> tuple[float, float]:
    name, bounced, complained = task
    lane = ramp.Lane(Plan.MODERATE, 50_000, constant(bounced), constant(complained))
    both = (way(lane, Random(name), BAD_DAYS) for way in (ramp.fixed, ramp.controlled))
    fixed, controlled = (climbed.complaints for climbed in both)
    return fixed, controlled


def _spared(apply: Apply, seed: int, bounced: float, complained: float, lanes: int) -> dict[str, float]:
    tasks = [(f"{seed} {REPORTED} {bounced} {complained} {number}", bounced, complained) for number in range(lanes)]
    pairs = apply(_complaints, tasks)
    return {
        name: round(sum(pair[place] for pair in pairs) / lanes, 1) for place, name in enumerate(("fixed", "controlled"))
    }
