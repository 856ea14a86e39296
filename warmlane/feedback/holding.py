"""From a standing to the record of a hold and back: what a person decided, and what the guardian writes. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from warmlane import hold
from warmlane.feedback import cycle
from warmlane.feedback.campaign import Campaign
from warmlane.feedback.decision import Decision
from warmlane.feedback.standing import Standing
from warmlane.hold import Level, Record

BY = "guardian"
"""Who decided, in records of its own."""


def taken_over(record: Record | None, now: float) -> Campaign:
    """The state of a campaign that the guardian knows nothing of: what it or a person held stays held."""
    if record is not None and (record.stands or (record.level is Level.THROTTLED and record.by == BY)):
        return Campaign(Standing(record.level, record.since.timestamp(), seen=now))
    return Campaign()


def heard(campaign: Campaign, id_: str, record: Record, now: float) -> tuple[Campaign, Decision | None]:
    """The state after a record that is new to the guardian, and the decision if it changes anything.

    A person quarantines and retires; whoever lets more mail leave than the guardian does, releases. A person's own
    throttle stands beside the guardian's. Retirement does not end: its record is written again.
    """
    level = campaign.standing.level
    if record.by == BY or record.level is level or level is Level.RETIRED:
        return campaign, None
    if record.stands:
        return cycle.hold(campaign, id_, record.level, record.by, record.reason, now)
    if level is Level.QUARANTINED or (level is Level.THROTTLED and record.level is Level.NONE):
        return cycle.release(campaign, None, id_, record.by, record.reason, now)
    return campaign, None


def wanted(standing: Standing, record: Record | None) -> bool:
    """Whether the guardian writes a record over the one that stands: where it allows less, or its own allows less."""
    if standing.level is Level.NONE:
        return record is not None and record.by == BY and record.level is Level.THROTTLED
    if standing.level is Level.RETIRED:
        return record is None or record.level is not Level.RETIRED
    if record is None:
        return True
    if record.stands:
        return False
    own = record.by == BY and record.level is Level.THROTTLED
    return record.factor != standing.factor if own else record.factor > standing.factor


def written(standing: Standing, reason: str, known: Iterable[Record], since: Iterable[datetime], now: float) -> Record:
    """The record of a standing. `known` are the records that were found, `since` when those began that can't be read.

    The reason is cut to what a record may hold.
    """
    moment, records = datetime.fromtimestamp(int(now), UTC), [*known]
    throttled = standing.level is Level.THROTTLED
    none = standing.level is Level.NONE
    return Record(
        level=standing.level,
        sequence=hold.next_sequence((record.sequence for record in records), moment),
        reason=reason[: hold.REASON_LENGTH],
        by=BY,
        since=moment,
        throttle=f"{standing.factor:g}" if throttled else ("1" if none else "0"),
        stood=hold.stood_until(records, since, moment),
    )
