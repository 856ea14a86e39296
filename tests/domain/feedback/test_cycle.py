"""The cycle over all campaigns: gaps, restarts, releases, too many stops at once, and records that tell why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.domain.feedback.made import NOON, TODAY, at_provider, bounced, complained, listed, reading
from warmlane.feedback import bounds
from warmlane.feedback.cycle import HOUR, MOST_AN_HOUR, Fleet, cycle, hold, release
from warmlane.feedback.decision import Decision
from warmlane.feedback.signals import Deferral, Identity, Reading, Signal
from warmlane.hold import Level

POLL = 5.0
BAD = bounced(60, 30)


def bad(campaign: str = "spring-sale", at: float = NOON) -> Reading:
    return reading(campaign, at=at, gmail=at_provider(BAD, at=at))


def level(fleet: Fleet, campaign: str = "spring-sale") -> Level:
    return fleet.campaigns[campaign].standing.level


def stopped() -> Fleet:
    fleet, _ = cycle(Fleet(), [bad()], NOON)
    assert level(fleet) is Level.QUARANTINED
    return fleet


def test_a_decision_tells_rule_figures_bounds_and_both_sides() -> None:
    _, decisions = cycle(Fleet(), [bad()], NOON)
    (decision,) = decisions
    assert (decision.subject, decision.rule, decision.before, decision.after) == (
        "spring-sale",
        "hard-bounces",
        "none",
        "quarantined",
    )
    assert decision.inputs["events"] == 30 and decision.inputs["messages"] == 60
    assert decision.inputs["evidence"] >= decision.bounds["evidence"] == round(bounds.QUARANTINE, 3)
    assert decision.page
    assert json.loads(decision.text()) == decision.to_json()
    assert decision.told.isprintable()


def test_the_same_look_twice_decides_once() -> None:
    fleet, _ = cycle(Fleet(), [bad()], NOON)
    again, decisions = cycle(fleet, [bad(at=NOON + POLL)], NOON + POLL)
    assert (again, decisions) == (fleet, [])


def test_the_state_survives_json_and_decides_the_same() -> None:
    half, _ = cycle(Fleet(), [reading(gmail=at_provider(bounced(400, 20), complained(300, 2, TODAY - 1)))], NOON)
    restored = Fleet.from_json(json.loads(json.dumps(half.to_json())))
    assert restored == half
    assert cycle(restored, [bad()], NOON) == cycle(half, [bad()], NOON)


def test_a_campaign_that_can_not_be_seen_stays_as_it_is() -> None:
    fleet, _ = cycle(Fleet(), [reading(gmail=at_provider(bounced(400, 4)))], NOON)
    for dark in ([], [reading(at=NOON - HOUR)], [bad(at=NOON - HOUR)]):
        after, decisions = cycle(fleet, dark, NOON + POLL)
        assert decisions == []
        assert after == fleet


def test_what_happened_during_a_gap_is_decided_after_it() -> None:
    fleet, _ = cycle(Fleet(), [reading(gmail=at_provider(bounced(400, 4)))], NOON)
    later = NOON + 6 * HOUR
    fleet, _ = cycle(fleet, [reading(at=later, gmail=at_provider(bounced(600, 120), at=later))], later)
    assert level(fleet) is Level.QUARANTINED


def test_healthy_mail_does_not_end_a_quarantine() -> None:
    fleet = stopped()
    for day in range(1, 40):
        now = NOON + day * 24 * HOUR
        healthy = bounced(10_000, 10, TODAY + day)
        fleet, decisions = cycle(fleet, [reading(at=now, gmail=at_provider(healthy, at=now))], now)
        assert (level(fleet), decisions) == (Level.QUARANTINED, [])


def test_late_events_of_earlier_mail_do_not_trip_a_released_campaign() -> None:
    fleet = stopped()
    campaign, decision = release(fleet.campaigns["spring-sale"], bad(), "spring-sale", "ops", "Cleaned the list.", NOON)
    assert (decision.rule, decision.after, decision.inputs["reason"]) == (
        "release",
        "throttled to 0.25",
        "Cleaned the list.",
    )
    fleet = Fleet({"spring-sale": campaign})
    late = reading(gmail=at_provider(bounced(60, 60), bounced(50, 0, release=1)))
    fleet, decisions = cycle(fleet, [late], NOON + POLL)
    assert (level(fleet), decisions) == (Level.THROTTLED, [])
    worse = reading(gmail=at_provider(bounced(60, 60), bounced(80, 30, release=1)))
    fleet, _ = cycle(fleet, [worse], NOON + 2 * POLL)
    assert level(fleet) is Level.QUARANTINED, "mail of after the release is tested on the same day"


def test_a_listing_that_a_person_knew_of_counts_again_once_it_had_cleared() -> None:
    fleet, _ = cycle(Fleet(), [listed(reading(), "one", "two")], NOON)
    known = replace(listed(reading(), "one", "two"), traps=Signal({"typo": 3}, NOON))
    campaign, _ = release(fleet.campaigns["spring-sale"], known, "spring-sale", "ops", "Delisting asked for.", NOON)
    fleet, decisions = cycle(Fleet({"spring-sale": campaign}), [known], NOON + POLL)
    assert (level(fleet), decisions) == (Level.THROTTLED, [])
    fleet, _ = cycle(fleet, [reading()], NOON + 2 * POLL)
    fleet, _ = cycle(fleet, [listed(reading(), "one", "two")], NOON + 3 * POLL)
    assert level(fleet) is Level.QUARANTINED


def test_new_trap_hits_count_after_a_release_whatever_mail_caused_them() -> None:
    known = replace(reading(), traps=Signal({"typo": 3, "feed": 1}, NOON))
    campaign, _ = release(stopped().campaigns["spring-sale"], known, "spring-sale", "ops", "Cleaned.", NOON)
    fleet, decisions = cycle(Fleet({"spring-sale": campaign}), [known], NOON + POLL)
    assert (level(fleet), decisions) == (Level.THROTTLED, [])
    worse = replace(reading(), traps=Signal({"typo": 4, "feed": 2}, NOON))
    fleet, _ = cycle(fleet, [worse], NOON + POLL)
    assert level(fleet) is Level.QUARANTINED


def test_retirement_is_for_good() -> None:
    campaign, decision = hold(
        stopped().campaigns["spring-sale"], "spring-sale", Level.RETIRED, "ops", "It ends here.", NOON
    )
    assert decision.after == "retired"
    for act in (
        lambda: release(campaign, None, "spring-sale", "ops", "Back.", NOON),
        lambda: hold(campaign, "spring-sale", Level.QUARANTINED, "ops", "Back.", NOON),
    ):
        with pytest.raises(ValueError, match="spring-sale is retired"):
            act()
    with pytest.raises(ValueError, match="throttled is not allowed"):
        hold(stopped().campaigns["spring-sale"], "spring-sale", Level.THROTTLED, "ops", "Slow.", NOON)


MANY = MOST_AN_HOUR + 4


def test_one_broken_signal_does_not_stop_everybody() -> None:
    fleet, decisions = cycle(Fleet(), [bad(f"c{number}") for number in range(MANY)], NOON)
    levels = [level(fleet, f"c{number}") for number in range(MANY)]
    assert levels.count(Level.QUARANTINED) == MOST_AN_HOUR
    rest = [decision for decision in decisions if decision.rule == "too-many-stops"]
    assert len(rest) == MANY - MOST_AN_HOUR
    assert all(decision.page and decision.after == "lowest allowance" for decision in rest)
    assert all(decision.inputs["instead of quarantine by"] == "hard-bounces" for decision in rest)
    soon = NOON + POLL
    assert cycle(fleet, [bad(f"c{number}", at=soon) for number in range(MANY)], soon)[1] == [], "told once"
    later = NOON + HOUR
    fleet, decisions = cycle(fleet, [bad(f"c{number}", at=later) for number in range(MANY)], later)
    assert [decision.after for decision in decisions].count("quarantined") == MOST_AN_HOUR


def test_identity_drift_stops_as_many_as_drift() -> None:
    drifted = [replace(reading(f"c{number}"), identity=Signal(Identity.DRIFTED, NOON)) for number in range(MANY)]
    fleet, decisions = cycle(Fleet(), drifted, NOON)
    assert len(decisions) == MANY
    assert all(decision.after == "quarantined" for decision in decisions)
    assert fleet.stops == ()


def test_one_campaign_is_none_of_anothers_business() -> None:
    fleet, decisions = cycle(Fleet(), [bad(), reading("receipts")], NOON)
    assert [decision.subject for decision in decisions] == ["spring-sale"]
    assert level(fleet, "receipts") is Level.NONE


def put_off(kind: Deferral, campaigns: int) -> Fleet:
    there = at_provider(made=200, deferred={kind: 150})
    return cycle(Fleet(), [reading(f"c{number}", gmail=there) for number in range(campaigns)], NOON)[0]


@pytest.mark.parametrize(
    ("kind", "campaigns", "expected"),
    [
        (Deferral.OUTAGE, 3, Level.NONE),
        (Deferral.OUTAGE, 2, Level.THROTTLED),
        (Deferral.CONNECTION, 3, Level.NONE),
        (Deferral.OWN, 1, Level.NONE),
    ],
)
def test_an_outage_that_unrelated_campaigns_see_throttles_nobody(
    kind: Deferral, campaigns: int, expected: Level
) -> None:
    fleet = put_off(kind, campaigns)
    assert {level(fleet, id_) for id_ in fleet.campaigns} == {expected}


def test_one_list_spread_over_an_organisations_campaigns_stops_them_together() -> None:
    days = [complained(200, 2, day) for day in range(TODAY - 4, TODAY + 1)]
    there = at_provider(*days)
    together = [reading(f"c{number}", organisation="one.example", yahoo=there) for number in range(3)]
    _, decisions = cycle(Fleet(), together, NOON)
    assert {decision.rule for decision in decisions} == {"organisation-complaints"}
    assert [decision.after for decision in decisions] == ["quarantined"] * 3
    _, decisions = cycle(Fleet(), [reading(f"c{number}", yahoo=there) for number in range(3)], NOON)
    assert [decision.after for decision in decisions] == ["throttled to 0.25"] * 3, "each for itself"


def test_a_decision_is_text_of_one_line() -> None:
    decision = Decision("spring-sale", NOON, "rule", "none", "throttled to 0.25", {"events": 3}, {"events": 3})
    assert decision.told == "spring-sale: none -> throttled to 0.25 by rule (events 3)"
    assert "\n" not in decision.text()
