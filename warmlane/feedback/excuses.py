"""What a mailbox provider does to everybody is not one campaign's fault."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from warmlane.feedback.bounds import DEFERRED_FLOOR, DEFERRED_SHARE, UNRELATED
from warmlane.feedback.confidence import Z99, wilson
from warmlane.feedback.signals import COUNTS_FRESH, EXCUSABLE, Attempts, Deferral, Reading

Excuses = Mapping[str, frozenset[Deferral]]
"""By provider the classes of deferrals that count against nobody now."""


def excuses(readings: Iterable[Reading], now: float) -> Excuses:
    """Classes that at least three campaigns with unrelated lists and organisations suffer from at one provider."""
    suffering: dict[tuple[str, Deferral], list[Reading]] = {}
    for reading in readings:
        for name, there in reading.providers.items():
            if there.attempts is None or not there.attempts.usable(now, COUNTS_FRESH):
                continue
            for kind in EXCUSABLE:
                if _suffers(there.attempts.value, kind):
                    suffering.setdefault((name, kind), []).append(reading)
    found: dict[str, frozenset[Deferral]] = {}
    for (name, kind), campaigns in suffering.items():
        if unrelated(campaigns) >= UNRELATED:
            found[name] = found.get(name, frozenset()) | {kind}
    return found


def unrelated(campaigns: Iterable[Reading]) -> int:
    """Groups of campaigns that share neither a list nor an organisation, not even by way of others."""
    groups: list[frozenset[str]] = []
    for campaign in campaigns:
        marks = frozenset({f"organisation {campaign.organisation}", *(f"list {each}" for each in campaign.lists)})
        apart = [group for group in groups if not group & marks]
        groups = [*apart, marks.union(*(group for group in groups if group & marks))]
    return len(groups)


def _suffers(attempts: Attempts, kind: Deferral) -> bool:
    """Whether so many attempts of the last hour were put off for this that it would throttle by itself."""
    deferred = attempts.deferred.get(kind, 0)
    return deferred >= DEFERRED_FLOOR and wilson(deferred, attempts.made, Z99)[0] > DEFERRED_SHARE
