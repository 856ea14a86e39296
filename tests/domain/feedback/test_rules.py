"""Each rule: what it asks for, and what it must not take for a sign."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domain.feedback.made import NOON, TODAY, at_provider, bounced, complained, listed, reading
from warmlane.feedback import organisations, rules
from warmlane.feedback.campaign import Campaign, findings, known, seen
from warmlane.feedback.excuses import excuses, unrelated
from warmlane.feedback.signals import (
    COUNTS_FRESH,
    IDENTITY_FRESH,
    AtProvider,
    Attempts,
    Deferral,
    Identity,
    Listing,
    Outcomes,
    Reading,
    Signal,
)
from warmlane.hold import Level

NO_EXCUSE: dict[str, frozenset[Deferral]] = {}
OUTAGE = {Deferral.OUTAGE: 60}


def asked(found: Reading, now: float = NOON) -> dict[str, Level]:
    return {each.rule: each.level for each in findings(seen(Campaign(), found, now), found, NO_EXCUSE, now)}


def test_healthy_mail_asks_for_nothing() -> None:
    found = reading(gmail=at_provider(bounced(1_000, 15), made=1_000, deferred={Deferral.TRANSIENT: 50}))
    assert asked(found) == {}
    assert known(found, NOON)


def test_a_burst_of_hard_bounces_quarantines() -> None:
    assert asked(reading(gmail=at_provider(bounced(40, 15)))) == {"hard-bounces": Level.QUARANTINED}


def test_a_bad_day_throttles_and_a_worse_one_makes_uneasy_first() -> None:
    for events, level in ((70, Level.NONE), (100, Level.THROTTLED), (200, Level.QUARANTINED)):
        assert asked(reading(gmail=at_provider(bounced(1_000, events)))) == {"hard-bounces": level}, events


def test_what_is_bad_everywhere_shows_in_the_sum_of_all_providers() -> None:
    there = at_provider(bounced(40, 6))
    found = reading(gmail=there, yahoo=there, other=there)
    asking = findings(seen(Campaign(), found, NOON), found, NO_EXCUSE, NOON)
    assert [each.inputs["provider"] for each in asking if each.level is Level.THROTTLED] == ["all"]


def test_few_events_ask_for_nothing_however_bad_the_ratio() -> None:
    assert asked(reading(gmail=at_provider(bounced(4, 4)))).get("hard-bounces", Level.NONE) is Level.NONE
    assert asked(reading(gmail=at_provider(complained(2, 2)))).get("complaints", Level.NONE) is Level.NONE


def test_complaints_quarantine_over_days() -> None:
    days = [complained(300, 6, day) for day in range(TODAY - 3, TODAY + 1)]
    assert asked(reading(yahoo=at_provider(*days))) == {"complaints": Level.QUARANTINED}


@pytest.mark.parametrize("change", [{"at": NOON - COUNTS_FRESH - 1}, {"complete": False}])
def test_counts_that_are_old_or_not_whole_say_nothing(change: dict[str, float]) -> None:
    found = reading(gmail=at_provider(bounced(40, 30), **change))
    assert asked(found) == {}
    assert not known(found, NOON)


def test_counts_that_no_mail_can_have_are_refused() -> None:
    with pytest.raises(ValueError, match="hard_bounces: 3 is not allowed: it lies between 0 and the 2 messages"):
        Outcomes(TODAY, 0, 2, 3, 0, 0)
    with pytest.raises(ValueError, match="complaints: 1 is not allowed"):
        Outcomes(TODAY, 0, 9, 0, 0, 1)


def test_blocklists_throttle_alone_and_quarantine_together() -> None:
    assert asked(listed(reading(), "one")) == {"listings": Level.THROTTLED}
    assert asked(listed(reading(), "one", "two")) == {"listings": Level.QUARANTINED}


def test_an_unknown_answer_neither_lists_nor_is_calm() -> None:
    found = listed(reading(), "one", "two", answer=Listing.UNKNOWN)
    assert asked(found) == {}
    assert not known(found, NOON)


@pytest.mark.parametrize(
    ("hits", "level"), [({"a": 1}, Level.THROTTLED), ({"a": 9}, Level.THROTTLED), ({"a": 1, "b": 1}, Level.QUARANTINED)]
)
def test_suspected_traps_count_by_source(hits: dict[str, int], level: Level) -> None:
    assert asked(replace(reading(), traps=Signal(hits, NOON))) == {"suspected-traps": level}


def test_identity_drift_quarantines_and_an_old_or_unknown_answer_does_not() -> None:
    found = replace(reading(), identity=Signal(Identity.DRIFTED, NOON))
    assert asked(found) == {"identity-drift": Level.QUARANTINED}
    for quiet in (Signal(Identity.DRIFTED, NOON - IDENTITY_FRESH - 1), Signal(Identity.UNKNOWN, NOON), None):
        assert asked(replace(found, identity=quiet)) == {}
        assert not known(replace(found, identity=quiet), NOON)


def test_deferrals_throttle_and_our_own_are_none() -> None:
    assert asked(reading(gmail=at_provider(made=100, deferred={Deferral.SLOWED: 50}))) == {"deferrals": Level.THROTTLED}
    assert asked(reading(gmail=at_provider(made=100, deferred={Deferral.OWN: 5_000}))) == {}
    assert asked(reading(gmail=at_provider(made=19, deferred={Deferral.SLOWED: 19}))) == {}


@pytest.mark.parametrize(
    ("hours", "throttles"),
    [((30, 50, 60, 80), True), ((30, 50, 45, 80), False), ((70, 75, 78, 80), False), ((5, 10, 20, 40), False)],
)
def test_put_off_mail_throttles_when_it_doubles_hour_by_hour(hours: tuple[int, ...], throttles: bool) -> None:
    assert ("queue-growth" in asked(reading(gmail=at_provider(queue=hours)))) is throttles


def suffering(campaigns: int, **same: str | frozenset[str]) -> list[Reading]:
    return [reading(f"c{number}", gmail=at_provider(made=100, deferred=OUTAGE), **same) for number in range(campaigns)]


def test_three_unrelated_campaigns_excuse_a_class_at_a_provider() -> None:
    assert excuses(suffering(3), NOON) == {"gmail": {Deferral.OUTAGE}}
    assert excuses(suffering(2), NOON) == {}


@pytest.mark.parametrize("same", [{"organisation": "one.example"}, {"lists": frozenset({"one"})}])
def test_related_campaigns_are_one(same: dict[str, str | frozenset[str]]) -> None:
    assert excuses(suffering(9, **same), NOON) == {}


def test_campaigns_are_related_by_way_of_others_too() -> None:
    marks = {"a": "1", "b": "2", "c": "12", "d": "1", "e": "3"}
    chain = [reading(name, lists=frozenset(shared)) for name, shared in marks.items()]
    assert unrelated(chain[:2]) == 2
    assert unrelated(chain[:3]) == 1
    assert unrelated(chain[:4]) == 1, "d is related to b by way of a and c"
    assert unrelated([chain[2], chain[0], chain[1], *chain[3:]]) == 2


def test_deferrals_of_the_past_excuse_nobody() -> None:
    assert excuses(suffering(3), NOON + COUNTS_FRESH + 1) == {}


def test_an_outage_does_not_let_a_queue_throttle() -> None:
    found = reading(gmail=at_provider(queue=(30, 50, 60, 80)))
    excused = {"gmail": frozenset({Deferral.OUTAGE})}
    assert findings(Campaign(), found, excused, NOON) == []
    assert findings(Campaign(), found, {"yahoo": excused["gmail"]}, NOON) != []


def test_what_is_excused_is_neither_event_nor_attempt_and_anything_else_stays() -> None:
    attempts = Attempts(100, {Deferral.OUTAGE: 60, Deferral.SLOWED: 30, Deferral.OWN: 7})
    assert attempts.signalling() == (90, 100)
    assert attempts.signalling(frozenset({Deferral.OUTAGE})) == (30, 40)


def test_an_excuse_never_covers_bounces() -> None:
    there = at_provider(bounced(40, 30), made=100, deferred=OUTAGE)
    found = [reading(f"c{number}", gmail=there) for number in range(4)]
    excused = excuses(found, NOON)
    assert excused
    rules_asked = findings(seen(Campaign(), found[0], NOON), found[0], excused, NOON)
    assert [(each.rule, each.level) for each in rules_asked] == [("hard-bounces", Level.QUARANTINED)]


def spread(events: int, mail: int = 200) -> Campaign:
    days = [complained(mail, events, day) for day in range(TODAY - 4, TODAY + 1)]
    return seen(Campaign(), reading(yahoo=at_provider(*days)), NOON)


def test_complaints_that_are_spread_over_campaigns_are_summed() -> None:
    campaigns = {f"c{number}": spread(2) for number in range(4)}
    assert all(asked_alone(one) is not Level.QUARANTINED for one in campaigns.values())
    found = organisations.findings({"one.example": campaigns})
    assert {id_: [each.level for each in each_] for id_, each_ in found.items()} == {
        id_: [Level.QUARANTINED] for id_ in campaigns
    }


def asked_alone(campaign: Campaign) -> Level:
    found = rules.tested(campaign.tests["yahoo"].complaints, rules.COMPLAINTS, "yahoo")
    return found.level if found else Level.NONE


def test_nobody_is_stopped_for_a_siblings_complaints() -> None:
    bad = {f"c{number}": spread(8) for number in range(4)}
    campaigns = {**bad, "large": spread(2, 5_000), "small": spread(0)}
    found = organisations.findings({"one.example": campaigns})
    assert found.keys() == bad.keys(), "large has more complaints than the floor, at a healthy rate"


def test_providers_without_reports_are_not_seen_as_healthy() -> None:
    found = reading(gmail=AtProvider())
    assert not known(found, NOON)
