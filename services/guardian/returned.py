"""What came back by mail, by the sending day of the message: late hard bounces, and complaints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, func, select

from services.guardian.accounts import Account, Booked
from services.store.database import reading
from services.store.returns import Came
from services.store.tables import ReturnCount
from warmlane.feedback.signals import Outcomes
from warmlane.returns.replies import RECIPIENT_GONE

SILENT_PROVIDERS = frozenset({"gmail"})
"""Providers that report no complaint to anybody: their mail can't produce one (docs/feedback.md)."""

OfDay = tuple[str, int]
"""Provider and sending day."""


@dataclass(frozen=True)
class Returned:
    """Counts of one campaign."""

    hard_bounces: Mapping[OfDay, int] = field(default_factory=dict)
    complaints: Mapping[OfDay, int] = field(default_factory=dict)


NOTHING = Returned()


def returned(engine: Engine, since: int) -> dict[str, Returned]:
    """By campaign, what came back for mail of the sending day `since` and later. Raises StoreUnavailable."""
    counts, hard = ReturnCount, [each.value for each in RECIPIENT_GONE]
    statement = (
        select(counts.campaign, counts.kind, counts.provider, counts.day, func.sum(counts.count))
        .where(counts.day >= since)
        .where((counts.kind == Came.COMPLAINT.value) | counts.class_.in_(hard))
        .group_by(counts.campaign, counts.kind, counts.provider, counts.day)
    )
    found: dict[str, dict[str, dict[OfDay, int]]] = {}
    with reading(engine) as connection:
        for campaign, kind, provider, day, count in connection.execute(statement):
            found.setdefault(campaign, {}).setdefault(kind, {})[provider, day] = int(count)
    return {
        campaign: Returned(kinds.get(Came.BOUNCE.value, {}), kinds.get(Came.COMPLAINT.value, {}))
        for campaign, kinds in found.items()
    }


def outcomes(account: Account, provider: str, back: Returned) -> tuple[Outcomes, ...]:
    """What became of a campaign's mail at a provider, by day and release.

    Nobody tells before or after which release of its day a message left, so what came back is booked to the earliest
    mail of the day as far as that could produce it: late events of mail before a release don't speak against later
    mail. What came back without mail that could produce it (the day before turned within a scrape) is left out.
    """
    keys = sorted(key for key in {*account.delivered, *account.bounced} if key.provider == provider)
    return tuple(_by_release(account, keys, back))


def _by_release(account: Account, keys: Iterable[Booked], back: Returned) -> Iterable[Outcomes]:
    left: dict[int, list[int]] = {}
    for key in keys:
        of_day = key.provider, key.day
        late = left.setdefault(key.day, [back.hard_bounces.get(of_day, 0), back.complaints.get(of_day, 0)])
        delivered, bounced = account.delivered.get(key, 0), account.bounced.get(key, 0)
        reportable = 0 if key.provider in SILENT_PROVIDERS else delivered
        hard, complaints = min(late[0], delivered), min(late[1], reportable)
        late[0], late[1] = late[0] - hard, late[1] - complaints
        yield Outcomes(key.day, key.release, delivered + bounced, bounced + hard, reportable, complaints)
