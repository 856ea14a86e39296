"""What the warm-up controller gets to see of a lane at one provider, from the campaign's state and a reading."""

from __future__ import annotations

from warmlane.feedback.campaign import Campaign, known
from warmlane.feedback.evidence import strength
from warmlane.feedback.excuses import Excuses
from warmlane.feedback.hypotheses import COMPLAINTS, HARD_BOUNCES
from warmlane.feedback.signals import COUNTS_FRESH, Reading
from warmlane.feedback.warm_up import DayAtProvider, View
from warmlane.hold import Level
from warmlane.pacing.moments import moment


def view(
    campaign: Campaign,
    reading: Reading,
    provider: str,
    used_yesterday: float | None,
    excused: Excuses,
    now: float,
    day_length: int,
) -> View:
    """The view at `now`, seconds since 1970 UTC.

    `used_yesterday` is the part of yesterday's limit that was used (`warm_up.used`); None where the store does not say.
    """
    today = moment(now, day_length).day
    there = reading.providers.get(provider)
    days: dict[int, tuple[int, int]] = {}
    yesterday, put_off = None, (0, 0)
    if there is not None and there.outcomes is not None and there.outcomes.usable(now, COUNTS_FRESH):
        for each in there.outcomes.value:
            bounced, settled = days.get(each.day, (0, 0))
            days[each.day] = (bounced + each.hard_bounces, settled + each.settled)
        if there.outcomes.at >= today * day_length and used_yesterday is not None:
            bounced, settled = days.get(today - 1, (0, 0))
            yesterday = DayAtProvider(settled, bounced, used_yesterday)
    if there is not None and there.attempts is not None and there.attempts.usable(now, COUNTS_FRESH):
        put_off = there.attempts.value.signalling(excused.get(provider, frozenset()))
    standing = campaign.standing
    return View(
        today=today,
        yesterday=yesterday,
        known=known(reading, now),
        free=standing.level is Level.NONE and not standing.cooling(now, day_length),
        strain=_strain(campaign, provider),
        bounced=days.get(today, (0, 0)),
        put_off=put_off,
    )


def _strain(campaign: Campaign, provider: str) -> float:
    tests = campaign.tests.get(provider)
    if tests is None:
        return 0.0
    pairs = ((tests.bounces, HARD_BOUNCES), (tests.complaints, COMPLAINTS))
    return max(strength(evidence, hypotheses).present.value for evidence, hypotheses in pairs)
