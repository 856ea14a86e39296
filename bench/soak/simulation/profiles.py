"""What simulated campaigns are like.

Rates are ratios 0-1, volumes messages/day, times sending days from the beginning of the month.
"""

from __future__ import annotations

from dataclasses import dataclass

from warmlane.feedback.hypotheses import COMPLAINTS, CORRELATION, HARD_BOUNCES

DAYS = 30
SHARES = {"gmail": 0.45, "microsoft": 0.25, "yahoo": 0.15, "other": 0.15}
"""Parts of a campaign's mail by provider."""
REPORTING = ("microsoft", "yahoo", "other")
"""Providers whose complaints reach us; Gmail sends no report of a single message."""
WEEK = (1.0, 1.1, 1.2, 1.1, 1.0, 0.5, 0.3)
"""Volume by day of the week."""


@dataclass(frozen=True)
class Rate:
    """Mean rate of a day: `low` until the day `start`, from then on to `high`, over so many `days`."""

    low: float
    high: float
    start: float = 0.0
    days: float = 0.0

    def __call__(self, day: float) -> float:
        """The rate at a time."""
        if not self.days:
            return self.high if day >= self.start else self.low
        return self.low + (self.high - self.low) * min(max((day - self.start) / self.days, 0.0), 1.0)


def constant(rate: float) -> Rate:
    """The same rate on all days."""
    return Rate(rate, rate)


@dataclass(frozen=True)
class Profile:
    """One kind of campaign. `first_bad` is None where any quarantine is a false one."""

    name: str
    volumes: tuple[int, int]
    """Drawn evenly on a logarithmic scale between both."""
    bounces: Rate | None = None
    """None: a mean of 1/4, 1/2, 3/4 or all of the highest healthy one."""
    complaints: Rate | None = None
    first_bad: float | None = None
    correlation: float = CORRELATION
    campaigns: int = 1
    """Campaigns of one organisation, all alike."""
    bursts: bool = True
    """Two days of the month have a fifth of their mail go to an old segment, with three times the day's rate."""
    batches: float = 1.0
    """Mean number of events that come together; above 1 the test's model does not match."""
    drift: float = 0.0
    """Day effects that last: correlation of one day's effect, then log-normal, with the next. The model has none."""
    outage: bool = False
    """For three days one provider takes nothing; the backlog goes out on the next."""
    gaps: bool = False
    """Telemetry is missing for 12 hours of every third day."""


USUAL = (20, 3_000)

HEALTHY = Profile("healthy", USUAL, campaigns=2)
NOT_BAD = (
    HEALTHY,
    Profile("healthy, tiny volume", (5, 20), campaigns=2),
    Profile("healthy, provider outage", USUAL, outage=True),
    Profile("healthy, telemetry gaps", USUAL, gaps=True),
    Profile("healthy, other model: every tenth event brings another", USUAL, batches=1 / 0.9),
    Profile("healthy, other model: every second event brings another", USUAL, batches=2.0),
    Profile("healthy, other model: lasting day effects", USUAL, drift=0.6),
)


BOUNCES, REPORTS = constant(HARD_BOUNCES.healthy / 2), constant(COMPLAINTS.healthy / 2)
"""What bad campaigns have before they are bad, and of the other signal."""


def _bad(name: str, volume: int) -> tuple[Profile, ...]:
    def sudden(kind: str, bounces: float | None, reports: float | None, gaps: bool = False) -> Profile:
        # With gaps it begins with one.
        start = 12 if gaps else 10
        return Profile(
            f"suddenly {kind}, {name}",
            (volume, volume),
            BOUNCES if bounces is None else Rate(BOUNCES.low, bounces, start=start),
            REPORTS if reports is None else Rate(REPORTS.low, reports, start=start),
            first_bad=start,
            gaps=gaps,
        )

    return (
        Profile(
            f"slowly bad, {name}",
            (volume, volume),
            Rate(BOUNCES.low, 0.08, start=7, days=14),
            Rate(REPORTS.low, 0.004, start=7, days=14),
            first_bad=7,
        ),
        sudden("10 % hard bounces", 0.10, None),
        sudden("30 % hard bounces", 0.30, None),
        sudden("1 % complaints", None, 0.01),
        sudden("30 % hard bounces, telemetry gaps", 0.30, None, gaps=True),
        Profile(f"bought list, {name}", (volume, volume), constant(0.25), constant(0.015), first_bad=0),
    )


SPREAD = "1 % complaints, spread over 4 campaigns of 300/day"
BAD = (
    *_bad("300/day", 300),
    *_bad("3,000/day", 3_000),
    Profile("30 % hard bounces, 20/day", (20, 20), constant(0.30), constant(0.005), first_bad=0),
    Profile(SPREAD, (300, 300), BOUNCES, constant(0.01), first_bad=0, campaigns=4),
)
