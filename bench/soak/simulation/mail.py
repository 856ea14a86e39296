"""One simulated month of an organisation's campaigns: volumes, and events in the order in which they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p
from random import Random
from typing import NamedTuple

from bench.soak.simulation.profiles import DAYS, REPORTING, SHARES, WEEK, Profile, Rate, constant
from warmlane.feedback.hypotheses import COMPLAINTS, HARD_BOUNCES, beta

LATE_BOUNCES, LATE_BOUNCES_DAYS = 0.15, 0.2
"""Part of hard bounces that come back by mail, and their mean delay."""
COMPLAINT_DAYS = 0.7
"""Mean delay of a complaint."""
GAP = (0.0, 0.5)
"""When telemetry is missing, on the days that it is."""


class Event(NamedTuple):
    """A hard bounce or complaint. Times in sending days."""

    arrived: float
    campaign: int
    signal: str
    provider: str
    sent_day: int


@dataclass(frozen=True)
class Month:
    """Mail of each campaign by provider and day, and all events as they become known."""

    mail: list[dict[str, list[int]]]
    events: list[Event]

    def sent(self, campaign: int, provider: str, day: int, at: float) -> int:
        """Messages of a day that were sent by a moment; a day's mail is spread evenly over it."""
        whole = self.mail[campaign][provider][day]
        return whole if at >= day + 1 else int(whole * (at - day)) if at > day else 0

    def total(self, campaign: int, at: float) -> int:
        """Messages of a campaign that were sent by a moment."""
        return sum(
            self.sent(campaign, provider, day, at) for provider in SHARES for day in range(min(int(at) + 1, DAYS))
        )


def month(rng: Random, profile: Profile) -> Month:
    """A month by a profile; day effects are a campaign's own, and the same at all providers."""
    mail, events = list[dict[str, list[int]]](), list[Event]()
    for campaign in range(profile.campaigns):
        low, high = profile.volumes
        volume = exp(rng.uniform(log(low), log(high)))
        weekday = rng.randrange(7)
        sizes = [volume * WEEK[(weekday + day) % 7] for day in range(DAYS)]
        mail.append({provider: _sizes(rng, sizes, share) for provider, share in SHARES.items()})
        if profile.outage:
            _outage(rng, mail[-1])
        bursts = set(rng.sample(range(DAYS), 2)) if profile.bursts and profile.first_bad is None else set[int]()
        healthy = rng.choice((0.25, 0.5, 0.75, 1.0))
        for hypotheses, given in ((HARD_BOUNCES, profile.bounces), (COMPLAINTS, profile.complaints)):
            mean = given or constant(healthy * hypotheses.healthy)
            rates = day_rates(rng, profile, mean)
            for provider, counts in mail[-1].items():
                if hypotheses is COMPLAINTS and provider not in REPORTING:
                    continue
                for day, (count, rate) in enumerate(zip(counts, rates, strict=True)):
                    for place in _places(rng, count, rate, day in bursts, profile.batches):
                        sent = day + (place + 0.5) / count
                        arrived = _seen(sent + _delay(rng, hypotheses is COMPLAINTS), profile.gaps)
                        events.append(Event(arrived, campaign, hypotheses.name, provider, day))
    return Month(mail, sorted(event for event in events if event.arrived < DAYS))


def day_rates(rng: Random, profile: Profile, mean: Rate) -> list[float]:
    """The rate of each day: beta-distributed around its mean, or log-normal with the same spread where it drifts."""
    rates, lasting = list[float](), rng.gauss(0, 1)
    for day in range(DAYS):
        middle = mean(day + 0.5)
        if not profile.drift:
            rates.append(rng.betavariate(*beta(middle, profile.correlation)))
            continue
        lasting = profile.drift * lasting + (1 - profile.drift**2) ** 0.5 * rng.gauss(0, 1)
        # The log-normal's variance that gives the same correlation between two messages of a day.
        spread = log(1 + profile.correlation * (1 - middle) / middle)
        rates.append(min(middle * exp(spread**0.5 * lasting - spread / 2), 1.0))
    return rates


def _sizes(rng: Random, sizes: list[float], share: float) -> list[int]:
    """Whole messages of each day, of which the fraction is left to chance."""
    return [int(size * share + rng.random()) for size in sizes]


def _outage(rng: Random, mail: dict[str, list[int]]) -> None:
    counts = mail[rng.choice(list(mail))]
    first = rng.randrange(DAYS - 4)
    for day in range(first, first + 3):
        counts[first + 3] += counts[day]
        counts[day] = 0


def _places(rng: Random, count: int, rate: float, burst: bool, batches: float) -> list[int]:
    """Which of a day's messages are events, in order."""
    if not burst:
        return _spread(rng, 0, count, rate / batches, batches)
    start, end = count * 2 // 5, count * 3 // 5
    parts = ((0, start, rate), (start, end, min(3 * rate, 1.0)), (end, count, rate))
    return [place for low, high, each in parts for place in _spread(rng, low, high, each / batches, batches)]


def _spread(rng: Random, low: int, high: int, rate: float, batches: float) -> list[int]:
    places, place = list[int](), low - 1
    # A beta distribution with so small a mean gives rates of 1e-100 and less.
    if rate < 1e-12:
        return places
    miss = log1p(-rate) if rate < 1 else None
    while True:
        place += 1 if miss is None else 1 + int(log(1 - rng.random()) / miss)
        if place >= high:
            return places
        places.append(place)
        while batches > 1 and place + 1 < high and rng.random() < 1 - 1 / batches:
            place += 1
            places.append(place)


def _delay(rng: Random, complaint: bool) -> float:
    if complaint:
        return rng.expovariate(1 / COMPLAINT_DAYS)
    return rng.expovariate(1 / LATE_BOUNCES_DAYS) if rng.random() < LATE_BOUNCES else 0.0


def _seen(arrived: float, gaps: bool) -> float:
    """When an event becomes known: at the end of the gap that it falls into."""
    day, part = int(arrived), arrived % 1
    return day + GAP[1] if gaps and day % 3 == 0 and GAP[0] <= part < GAP[1] else arrived
