"""Where the tests decide: bounds from the false alarms that are allowed, floors, and what the other signals need.

A CUSUM that may begin anew on each day, for each bad mean, in each test, crosses `bound` under the null with at most
e^-bound for every beginning (Ville's inequality, for the likelihood ratio is a martingale). So over a campaign-month
there are at most `BEGINNINGS` x e^-bound false alarms, everything together and however often it is looked at.
"""

from __future__ import annotations

from math import exp, log

from warmlane.feedback.hypotheses import ALTERNATIVES

MONTH_DAYS = 30
PROVIDERS = 6
"""Most providers that are told apart, five, and the sum of all."""
TESTS = 3
"""Hard bounces, complaints, and complaints summed over the organisation."""
BEGINNINGS = MONTH_DAYS * PROVIDERS * TESTS * ALTERNATIVES

FALSE_QUARANTINES = 0.001
"""Allowed for each campaign-month; the target of the project."""
MARGIN = 4
"""The bound is set for so small a part of the target. The inequality holds for mail whose days all come from the
healthy mean; an old segment puts single days above it. Without the margin, two sets of 10,000 simulated months with
such segments had 1 and 5 false quarantines, and 5 do not prove the target."""

FALSE_THROTTLES = 0.2
"""Allowed for each campaign-month by the same inequality; a throttle undoes itself. What the simulation sees is far
less, see docs/feedback.md."""


def bound(false_alarms: float) -> float:
    """The bound that keeps false alarms of a campaign-month below a rate (0-1)."""
    return log(BEGINNINGS / false_alarms)


def false_alarms(value: float) -> float:
    """The most false alarms in a campaign-month with a bound of `value`."""
    return min(BEGINNINGS * exp(-value), 1.0)


QUARANTINE = bound(FALSE_QUARANTINES / MARGIN)
THROTTLE = bound(FALSE_THROTTLES)
CALM = THROTTLE / 2
"""A throttle ends only when every test has come back below this: hysteresis."""

BOUNCE_FLOORS = (5, 10)
"""Hard bounces without which neither throttle nor quarantine: half of what Sequenzy's health page warns and pauses at
below 100 messages (10 and 20), as the test's bound has to be crossed besides."""
COMPLAINT_FLOORS = (3, 5)
"""The same for complaints: Sequenzy's own figures (facts 4.1; one complaint alone trips every confidence bound)."""

LISTING_QUORUM = 2
"""Blocklist operators that must agree before a sender is quarantined; one alone throttles."""
TRAP_QUORUM = 2
"""Independent sources that suspect a spam trap before a sender is quarantined; one alone throttles."""

DEFERRED_SHARE = 0.20
"""Part of the last hour's attempts above which deferrals throttle, by the lower confidence bound (99 %); our own
figure, no provider publishes one."""
DEFERRED_FLOOR = 20
QUEUE_HOURS = 3
"""Hours in a row for which the put-off mail must grow, and …"""
QUEUE_GROWTH = 2.0
"""… the factor it must have grown by over them; our own figures."""
QUEUE_FLOOR = 50
"""Put-off messages below which growth means nothing."""
UNRELATED = 3
"""Campaigns with unrelated lists that must see the same before a provider is taken for the cause."""
