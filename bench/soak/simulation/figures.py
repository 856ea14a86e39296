"""Figures of a simulation: confidence bound, thresholds for a given number of false alarms, curves of delay."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, inf, lgamma, log, log1p, nextafter
from statistics import fmean, pvariance

QUANTILES = tuple(range(5, 100, 5))
"""Per cent."""
CONFIDENCE = 0.95


def upper_bound(events: int, trials: int) -> float:
    """Clopper and Pearson's one-sided upper bound (95 %) of a ratio, 0-1, to nine digits."""
    if events >= trials:
        return 1.0
    low, high = events / trials, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        below = sum(_probability(k, trials, middle) for k in range(events + 1))
        low, high = (middle, high) if below > 1 - CONFIDENCE else (low, middle)
    return high


def _probability(events: int, trials: int, ratio: float) -> float:
    """Of so many events, binomial; by logarithms, as the ways to choose them exceed any float."""
    ways = lgamma(trials + 1) - lgamma(events + 1) - lgamma(trials - events + 1)
    return exp(ways + events * log(ratio) + (trials - events) * log1p(-ratio))


def most_events(rate: float, trials: int) -> int:
    """The most events of which the upper bound still lies under a rate; -1 where not even none does."""
    events = -1
    while upper_bound(events + 1, trials) <= rate:
        events += 1
    return events


def threshold(highest: Sequence[float], alarms: int) -> float:
    """The lowest figure that at most `alarms` of the campaigns reach; `highest` holds each one's highest figure."""
    ordered = sorted(highest, reverse=True)
    return nextafter(ordered[alarms], inf) if alarms < len(ordered) else 0.0


def curve(delays: Sequence[float | None]) -> dict[str, float | None]:
    """Quantiles of delays by per cent; None stands for those that never came, which count as the longest."""
    ordered = sorted(inf if delay is None else delay for delay in delays)
    picked = {f"{per_cent} %": ordered[min(len(ordered) * per_cent // 100, len(ordered) - 1)] for per_cent in QUANTILES}
    return {name: None if value == inf else round(value, 3) for name, value in picked.items()}


def correlation(rates: Sequence[float]) -> float:
    """Correlation between two messages of a day, from the rates of many days with one mean."""
    mean = fmean(rates)
    return pvariance(rates) / (mean * (1 - mean))
