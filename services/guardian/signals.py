"""One look at Prometheus: counters are followed into the accounts, which with gauges make each campaign's reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.guardian.accounts import HOUR_MINUTES, Account, Series
from services.guardian.prometheus import Labels, Prometheus, Samples
from services.guardian.returned import NOTHING, Returned, outcomes
from warmlane import names
from warmlane.feedback.signals import (
    COUNTS_FRESH,
    AtProvider,
    Attempts,
    Deferral,
    Identity,
    Reading,
    Signal,
)
from warmlane.providers import PROVIDERS

OUTCOMES = ("bounced", "deferred", "delivered")
OVERLAP = 60.0
"""Seconds that two looks share: a scrape is stored a little after its own time."""
STRETCH = 900.0
"""Seconds of the past that one look takes at most; after a longer absence more looks follow at once."""
PAST = 86_400.0
"""Seconds of the past that are looked at one by one; after a longer absence what was gained in it counts at its end."""
UP = f'up{{job="{names.SCRAPE_JOB}"}}'
DELIVERIES = f'sender_deliveries_total{{job="{names.SCRAPE_JOB}"}}'
IDENTITY = f'sender_identity{{job="{names.SCRAPE_JOB}"}}'
_IDENTITIES = {"proven": Identity.AGREES, "wrong": Identity.DRIFTED}


@dataclass(frozen=True)
class About:
    """What is known of a campaign besides its mail."""

    release: int
    """Releases by a person so far."""
    organisation: str
    """Organisational domain of its sending domain."""
    lists: frozenset[str] = frozenset()
    """Digests of the lists it sends to."""
    back: Returned = NOTHING
    """What came back by mail."""


Pod = tuple[str, str]
"""Name and instance."""


@dataclass(frozen=True)
class Look:
    """What a look brought."""

    through: float
    """Until when (seconds since 1970 UTC) the counters have been followed; the next look goes on from there."""
    readings: dict[str, Reading]
    """By campaign; of each that was asked about."""


def look(
    prometheus: Prometheus,
    accounts: dict[str, Account],
    through: float | None,
    campaigns: Mapping[str, About],
    now: float,
    day_length: int,
) -> Look:
    """Follows the counters of the campaigns and reads them; `through` is that of the look before, None for the first.

    Prometheus is asked for everything before any account changes, so a look that raises Silent may be repeated.
    """
    anew = through is None
    start = now - OVERLAP if through is None else max(through, now - PAST)
    until = min(start + STRETCH, now) if now > start else start
    since = start - OVERLAP
    ups = _by_campaign(prometheus.samples(UP, since, until))
    deliveries = _by_campaign(prometheus.samples(DELIVERIES, since, until))
    identities = _by_campaign(prometheus.samples(IDENTITY, since, until))
    readings = {}
    for campaign, about in campaigns.items():
        account = accounts.setdefault(campaign, Account())
        for labels, samples in deliveries.get(campaign, []):
            series = Series(*_pod(labels), labels.get("provider", ""), labels.get("outcome", ""))
            # The labels are the sender's own words: others than the known ones would let an account grow.
            if series.provider in PROVIDERS and series.outcome in OUTCOMES:
                account.follow(series, samples, about.release, day_length, anew)
        account.forget(until, day_length)
        at, complete = _seen(account, ups.get(campaign, []), until)
        readings[campaign] = Reading(
            campaign=campaign,
            organisation=about.organisation,
            lists=about.lists,
            providers={name: _at_provider(account, name, about.back, at, complete) for name in PROVIDERS},
            identity=_identity(identities.get(campaign, [])),
        )
    return Look(until, readings)


Found = list[tuple[dict[str, str], Samples]]


def _by_campaign(series: Mapping[Labels, Samples]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for labels, samples in series.items():
        told = dict(labels)
        if samples and "campaign" in told:
            found.setdefault(told["campaign"], []).append((told, samples))
    return found


def _pod(labels: Mapping[str, str]) -> Pod:
    return labels.get("pod", ""), labels.get("instance", "")


def _seen(account: Account, ups: Found, until: float) -> tuple[float, bool]:
    """Until when everything was seen, and whether it was whole.

    A pod whose last scrape failed, or whose counters are missing, makes it less than whole. One that Prometheus no
    longer knows is waited for as long as counts are fresh, by its last position, and is then taken for gone.
    """
    counted: dict[Pod, float] = {}
    for series, position in account.positions.items():
        pod = series.pod, series.instance
        counted[pod] = max(counted.get(pod, 0.0), position.at)
    last = {_pod(labels): samples[-1] for labels, samples in ups}
    expected = {pod: at for pod, at in counted.items() if until - at <= COUNTS_FRESH}
    newest = max(counted.values(), default=0.0)
    if not expected or not last:
        return newest, False
    complete = all(value == 1 and counted.get(pod, 0.0) >= at - OVERLAP for pod, (at, value) in last.items())
    return min(expected.values()), complete


def _at_provider(account: Account, name: str, back: Returned, at: float, complete: bool) -> AtProvider:
    days = outcomes(account, name, back)
    last = int(at // 60)
    recent = [
        counts
        for (who, minute), counts in account.attempts.items()
        if who == name and last - HOUR_MINUTES < minute <= last
    ]
    made, put_off = sum(counts[0] for counts in recent), sum(counts[1] for counts in recent)
    # The gate does not tell why a receiver put mail off; its own throttle makes no attempt at all.
    attempts = Attempts(made, {Deferral.TRANSIENT: put_off})
    return AtProvider(Signal(days, at, complete), Signal(attempts, at, complete))


def _identity(series: Found) -> Signal[Identity] | None:
    """What the gates know: drift if one of them has seen it, agreement only if all have."""
    newest: dict[Pod, tuple[float, str]] = {}
    for labels, samples in series:
        at, value = samples[-1]
        if value == 1 and at >= newest.get(_pod(labels), (0.0, ""))[0]:
            newest[_pod(labels)] = at, labels.get("state", "")
    if not newest:
        return None
    told = {_IDENTITIES.get(state, Identity.UNKNOWN) for _, state in newest.values()}
    worst = next(each for each in (Identity.DRIFTED, Identity.UNKNOWN, Identity.AGREES) if each in told)
    return Signal(worst, min(at for at, _ in newest.values()))
