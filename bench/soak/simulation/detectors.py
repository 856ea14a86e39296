"""What looks at a simulated month: the guardian's own rules, and three that are common, each by its one figure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bench.soak.simulation.mail import Month
from bench.soak.simulation.profiles import DAYS, SHARES
from warmlane.feedback import rules
from warmlane.feedback.evidence import Day, Evidence, observed, summed
from warmlane.feedback.hypotheses import COMPLAINTS, HARD_BOUNCES
from warmlane.hold import Level

OURS, THROTTLE = "guardian", "guardian's throttle"
RATIO, WINDOW, RATE = "fixed ratio", "SES-like", "KumoMTA-like"
BASELINES = (RATIO, WINDOW, RATE)
RATIO_LEAST = 100
"""Messages of the day at a provider below which the fixed ratio says nothing."""
WINDOW_MAIL = 1_000
"""Messages of the campaign that the SES-like ratio looks back at; it says nothing below a tenth of them."""
RATE_DAYS = 1 / 24
"""Period of the KumoMTA-like count, which is kept by provider."""

Limits = dict[tuple[str, str], float]
"""For each baseline and signal the figure at which it stops a sender."""
KINDS = {HARD_BOUNCES.name: HARD_BOUNCES, COMPLAINTS.name: COMPLAINTS}


@dataclass
class Seen:
    """What the detectors said of one campaign."""

    first: dict[str, float] = field(default_factory=dict)
    """When each stopped it first, in sending days; only after `since`."""
    early: set[str] = field(default_factory=set)
    """Those that stopped it before `since`."""
    highest: dict[tuple[str, str], float] = field(default_factory=dict)
    """The highest figure of each baseline for each signal."""

    def stopped(self, who: str, at: float, since: float) -> None:
        """Notes that a detector would stop the campaign now."""
        if at < since:
            self.early.add(who)
        else:
            self.first.setdefault(who, at)


def watch(month: Month, limits: Limits, since: float = 0.0) -> list[Seen]:
    """Every detector on every event, as it arrives. Rates only rise at events, so nothing is missed between them."""
    found = [Seen() for _ in month.mail]
    tests: list[dict[tuple[str, str], Evidence]] = [{} for _ in month.mail]
    looked: dict[tuple[int, str, str], int] = {}
    counts: dict[tuple[int, str, str, int], int] = {}
    baselines = [Baselines(month, campaign) for campaign in range(len(month.mail))]
    for at, campaign, signal, provider, sent_day in month.events:
        seen, key = found[campaign], (campaign, signal, provider)
        counts[*key, sent_day] = counts.get((*key, sent_day), 0) + 1

        for who, figure in baselines[campaign].figures(at, signal, provider, sent_day):
            seen.highest[who, signal] = max(seen.highest.get((who, signal), 0.0), figure)
            if figure >= limits.get((who, signal), float("inf")):
                seen.stopped(who, at, since)
        if OURS in seen.first or OURS in seen.early:
            continue
        today = min(int(at), DAYS - 1)
        days = {sent_day, *range(looked.get(key, 0), today + 1)}
        looked[key] = today
        news = [Day(day, month.sent(campaign, provider, day, at), counts.get((*key, day), 0)) for day in days]
        news = [day if day.events <= day.mail else day._replace(mail=day.events) for day in news]
        before = tests[campaign].get((signal, provider), Evidence())
        after = tests[campaign][signal, provider] = observed(before, news, KINDS[signal])
        everywhere = summed(tests[campaign][each] for each in tests[campaign] if each[0] == signal)
        asked = (rules.tested(part, KINDS[signal], provider) for part in (after, everywhere))
        levels = {finding.level for finding in asked if finding}
        if signal == COMPLAINTS.name and len(tests) > 1:
            total = summed(each[signal, provider] for each in tests if (signal, provider) in each)
            levels |= {one.level for one in [rules.organisation("", total, after, provider)] if one}
        if Level.QUARANTINED in levels:
            seen.stopped(OURS, at, since)
        if levels & {Level.QUARANTINED, Level.THROTTLED}:
            seen.stopped(THROTTLE, at, since)
    return found


class Baselines:
    """The figures of the three common rules for one campaign."""

    def __init__(self, month: Month, campaign: int) -> None:
        self._month, self._campaign = month, campaign
        self._today: dict[tuple[str, str, int], int] = {}
        self._window: dict[str, deque[int]] = {name: deque() for name in KINDS}
        self._hour: dict[tuple[str, str], deque[float]] = {}
        self._before = [0]
        for day in range(DAYS):
            self._before.append(self._before[-1] + sum(month.mail[campaign][name][day] for name in SHARES))

    def figures(self, at: float, signal: str, provider: str, _sent_day: int) -> list[tuple[str, float]]:
        """Of each rule its figure after another event. They book events to the time of arrival, as such rules do."""
        day = min(int(at), DAYS - 1)
        today = self._today[signal, provider, day] = self._today.get((signal, provider, day), 0) + 1
        mail = self._month.sent(self._campaign, provider, day, at)
        found = [(RATIO, today / mail)] if mail >= RATIO_LEAST else []
        total = self._before[day] + int((self._before[day + 1] - self._before[day]) * (at - day))
        window = self._window[signal]
        window.append(total)
        while window[0] <= total - WINDOW_MAIL:
            window.popleft()
        if total >= WINDOW_MAIL // 10:
            found.append((WINDOW, len(window) / min(total, WINDOW_MAIL)))
        hour = self._hour.setdefault((signal, provider), deque())
        hour.append(at)
        while hour[0] <= at - RATE_DAYS:
            hour.popleft()
        found.append((RATE, float(len(hour))))
        return found
