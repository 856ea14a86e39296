"""What healthy and bad mail look like to the sequential tests: beta-binomial days, in closed form.

Outcomes of one day resemble each other (a segment, a batch, a broken form), so a day's events are not n independent
draws. Under each hypothesis a day's own rate is drawn from a beta distribution around the mean, with `correlation`
between two messages of a day; a day's events are then beta-binomial. One message is one draw from a Pólya urn, so the
likelihood ratio may be looked at after every message: it is a martingale under the null.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import lgamma

CORRELATION = 0.005
"""Between two messages of a day; facts: false alarms multiply from here on (0: none, .005: the first that matters)."""


# Compared by identity: there are two of them, and they are keys of a cache that is asked a million times.
@dataclass(frozen=True, eq=False)
class Hypotheses:
    """Means, as ratios 0-1: `healthy` is the highest that still is, `bad` those that the test looks for."""

    name: str
    healthy: float
    bad: tuple[float, ...]
    correlation: float = CORRELATION


HARD_BOUNCES = Hypotheses("hard-bounces", healthy=0.02, bad=(0.06, 0.12, 0.30))
"""2 % is SES' recommended most, 6 % above its review (5 %), 12 % above its pause (10 %), 30 % a bought list."""
COMPLAINTS = Hypotheses("complaints", healthy=0.0005, bad=(0.003, 0.012, 0.05))
"""0.05 % holds a published ramp, 0.3 % is what Gmail and Yahoo refuse; the others are four and sixteen times worse."""
ALTERNATIVES = 3


def beta(mean: float, correlation: float) -> tuple[float, float]:
    """Parameters a and b of the beta distribution with this mean and intra-day correlation (both 0-1, exclusive)."""
    size = 1 / correlation - 1
    return mean * size, (1 - mean) * size


@lru_cache(maxsize=65_536)
def log_ratios(hypotheses: Hypotheses, mail: int, events: int) -> tuple[float, ...]:
    """Log-likelihood ratio of a day's counts for each bad mean against the healthy one, natural logarithm."""
    others = mail - events
    # a + b is the same under every hypothesis, so the terms of the whole day cancel.
    healthy, *bad = [lgamma(a + events) + lgamma(b + others) - start for a, b, start in _shapes(hypotheses)]
    return tuple([each - healthy for each in bad])


@lru_cache
def _shapes(hypotheses: Hypotheses) -> tuple[tuple[float, float, float], ...]:
    """a, b and the logarithm of their gamma functions' product, for the healthy mean and each bad one."""
    shapes = [beta(mean, hypotheses.correlation) for mean in (hypotheses.healthy, *hypotheses.bad)]
    return tuple((a, b, lgamma(a) + lgamma(b)) for a, b in shapes)
