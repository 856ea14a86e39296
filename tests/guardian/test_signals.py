"""What the guardian reads from Prometheus: counters that reset, pods that come and go, gaps, a store that was lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.guardian.accounts import Account, Booked, Series
from services.guardian.prometheus import Prometheus, Silent
from services.guardian.signals import About, Look, look
from tests.guardian.prometheus_server import Store
from warmlane.feedback.signals import COUNTS_FRESH, Identity, Outcomes, Reading
from warmlane.pacing.moments import UTC_DAY

DAY = 20_000
BEGIN = DAY * UTC_DAY + 3_600.0
CAMPAIGNS = {"sale": About(release=0, organisation="example.com")}


class Guardian:
    """Looks again and again, and is saved and loaded between each two looks."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.through: float | None = None
        self.accounts: dict[str, Account] = {}

    def look(self, now: float, about: dict[str, About] = CAMPAIGNS) -> Reading:
        seen: Look = look(Prometheus(self.store.url), self.accounts, self.through, about, now, UTC_DAY)
        saved = json.dumps({campaign: account.to_json() for campaign, account in self.accounts.items()})
        self.accounts = {campaign: Account.from_json(each) for campaign, each in json.loads(saved).items()}
        self.through = seen.through
        return seen.readings["sale"]


def days(reading: Reading) -> list[tuple[int, int, int]]:
    """Day, settled messages and hard bounces at Gmail."""
    outcomes = reading.providers["gmail"].outcomes
    assert outcomes is not None
    return [(each.day, each.settled, each.hard_bounces) for each in outcomes.value]


def whole(reading: Reading, now: float) -> bool:
    """Whether something may be decided from the outcomes."""
    outcomes = reading.providers["gmail"].outcomes
    return outcomes is not None and outcomes.usable(now, COUNTS_FRESH)


def test_counts_are_the_differences_since_the_first_look(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN, delivered=1_000, bounced=500)
    assert days(guardian.look(BEGIN + 1)) == [], "what lay before the first look belongs to no known day"
    prometheus.scrape(BEGIN + 15, delivered=1_007, bounced=502, deferred=4)
    reading = guardian.look(BEGIN + 16)
    assert days(reading) == [(DAY, 9, 2)]
    attempts = reading.providers["gmail"].attempts
    assert attempts is not None and attempts.value.made == 13 and attempts.value.signalling() == (4, 13)
    assert whole(reading, BEGIN + 16)
    assert days(guardian.look(BEGIN + 21)) == [(DAY, 9, 2)], "a look without news must add nothing"


def test_a_counter_that_fell_began_at_zero(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN, delivered=100)
    guardian.look(BEGIN + 1)
    prometheus.scrape(BEGIN + 15, delivered=3, bounced=1)
    assert days(guardian.look(BEGIN + 16)) == [(DAY, 4, 1)]


def test_a_new_pod_counts_whole_and_one_that_went_keeps_what_it_counted(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN, delivered=0)
    guardian.look(BEGIN + 1)
    prometheus.scrape(BEGIN + 15, delivered=5)
    prometheus.scrape(BEGIN + 15, pod="b", delivered=7, bounced=1)
    assert days(guardian.look(BEGIN + 16)) == [(DAY, 13, 1)]
    for step in range(2, 12):
        prometheus.scrape(BEGIN + 15 * step, pod="b", delivered=7, bounced=1)
        reading = guardian.look(BEGIN + 15 * step + 1)
        assert days(reading) == [(DAY, 13, 1)]
        assert whole(reading, BEGIN + 15 * step + 1), "a pod that ended properly must not blind the guardian"


def test_a_pod_that_comes_back_under_another_address_goes_on_from_its_count(prometheus: Store) -> None:
    account = Account()
    first, second = (Series("a", instance, "gmail", "delivered") for instance in ("192.0.2.1:9100", "192.0.2.2:9100"))
    account.follow(first, [(BEGIN, 100)], 0, UTC_DAY, anew=True)
    account.follow(second, [(BEGIN + 40, 103)], 0, UTC_DAY, anew=False)
    assert account.delivered == {Booked("gmail", DAY, 0): 3}


@pytest.mark.parametrize("how", ["unreachable pod", "pod without counters"])
def test_what_is_not_whole_is_not_usable(prometheus: Store, how: str) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN)
    prometheus.scrape(BEGIN, pod="b")
    assert whole(guardian.look(BEGIN + 1), BEGIN + 1)
    prometheus.scrape(BEGIN + 15, delivered=50)
    if how == "unreachable pod":
        prometheus.scrape(BEGIN + 15, pod="b", up=0)
    else:
        prometheus.add("up", BEGIN + 15, 1, campaign="sale", pod="c", instance="c:9100")
    assert not whole(guardian.look(BEGIN + 16), BEGIN + 16)


def test_a_gap_makes_readings_old_and_its_mail_counts_when_it_is_seen(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN, delivered=10)
    guardian.look(BEGIN + 1)
    reading = guardian.look(BEGIN + 200)
    assert not whole(reading, BEGIN + 200) and days(reading) == []
    prometheus.scrape(BEGIN + 300, delivered=40, bounced=5)
    reading = guardian.look(BEGIN + 301)
    assert whole(reading, BEGIN + 301) and days(reading) == [(DAY, 35, 5)]


def test_a_prometheus_that_restarted_empty_loses_nothing_and_invents_nothing(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN, delivered=100)
    guardian.look(BEGIN + 1)
    prometheus.scrape(BEGIN + 15, delivered=110, bounced=1)
    assert days(guardian.look(BEGIN + 16)) == [(DAY, 11, 1)]
    prometheus.series.clear()
    reading = guardian.look(BEGIN + 60)
    assert days(reading) == [(DAY, 11, 1)] and not whole(reading, BEGIN + 60)
    prometheus.scrape(BEGIN + 90, delivered=115, bounced=2)
    assert days(guardian.look(BEGIN + 91)) == [(DAY, 17, 2)]


@pytest.mark.parametrize(
    "broken",
    [
        (503, b"starting"),
        (200, b"<html>"),
        (200, b'{"status":"success"}'),
        (200, b'{"status":"success","data":{"resultType":"vector","result":[]}}'),
        (200, b'{"status":"error","error":"too many samples"}'),
    ],
)
def test_a_prometheus_that_answers_wrongly_is_silent(prometheus: Store, broken: tuple[int, bytes]) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN, delivered=100)
    guardian.look(BEGIN + 1)
    prometheus.scrape(BEGIN + 15, delivered=120)
    prometheus.broken = broken
    with pytest.raises(Silent):
        guardian.look(BEGIN + 16)
    prometheus.broken = None
    assert days(guardian.look(BEGIN + 17)) == [(DAY, 20, 0)], "a look that failed must be repeatable"


def test_a_guardian_that_was_away_takes_the_past_day_by_day(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    midnight = (DAY + 1) * UTC_DAY
    prometheus.scrape(midnight - 1_800, delivered=0)
    guardian.look(midnight - 1_799)
    for second in range(-1_785, 1_800, 15):
        prometheus.scrape(midnight + second, delivered=(second + 1_800) // 15)
    reading = guardian.look(midnight + 1_800)
    assert not whole(reading, midnight + 1_800), "what was read so far is half an hour old"
    while guardian.through is not None and guardian.through < midnight + 1_800:
        reading = guardian.look(midnight + 1_800)
    assert days(reading) == [(DAY, 120, 0), (DAY + 1, 119, 0)]
    assert whole(reading, midnight + 1_800)


def test_mail_after_a_release_is_booked_apart(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN)
    guardian.look(BEGIN + 1)
    prometheus.scrape(BEGIN + 15, delivered=10, bounced=9)
    guardian.look(BEGIN + 16)
    prometheus.scrape(BEGIN + 30, delivered=15, bounced=9)
    reading = guardian.look(BEGIN + 31, {"sale": About(1, "example.com")})
    outcomes = reading.providers["gmail"].outcomes
    assert outcomes is not None
    assert list(outcomes.value) == [Outcomes(DAY, 0, 19, 9, 0, 0), Outcomes(DAY, 1, 5, 0, 0, 0)]


def test_one_gate_that_saw_another_address_is_drift(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN)
    identity = guardian.look(BEGIN + 1).identity
    assert identity is not None and identity.value is Identity.AGREES
    prometheus.add(
        "sender_identity", BEGIN + 1, 1, campaign="sale", lane="amber", pod="b", instance="b:9100", state="wrong"
    )
    identity = guardian.look(BEGIN + 2).identity
    assert identity is not None and identity.value is Identity.DRIFTED and identity.at == BEGIN


def test_labels_that_a_sender_makes_up_are_left_out(prometheus: Store) -> None:
    guardian = Guardian(prometheus)
    prometheus.scrape(BEGIN)
    guardian.look(BEGIN + 1)
    who = {"campaign": "sale", "lane": "amber", "pod": "a", "instance": "a:9100"}
    for number in range(50):
        prometheus.add("sender_deliveries_total", BEGIN + 15, 9, **who, provider=f"p{number}", outcome="bounced")
    guardian.look(BEGIN + 16)
    assert len(guardian.accounts["sale"].positions) == 3


@given(some.lists(some.tuples(some.integers(0, 5), some.booleans()), max_size=30), some.data())
def test_totals_are_what_happened_however_looks_are_cut(steps: list[tuple[int, bool]], data: some.DataObject) -> None:
    """A counter that grows and starts anew now and then: each look sees a stretch that overlaps the one before."""
    samples, value, happened = [(BEGIN, 0.0)], 0, 0
    for number, (gain, reset) in enumerate(steps, 1):
        # A reset to as much as there was can't be seen by anybody.
        value = gain if reset and gain < value else value + gain
        happened += gain
        samples.append((BEGIN + 15 * number, float(value)))
    account, series, place = Account(), Series("a", "a:9100", "gmail", "bounced"), 0
    account.follow(series, samples[:1], 0, UTC_DAY, anew=True)
    while place < len(samples):
        end = data.draw(some.integers(place + 1, len(samples)))
        account.follow(series, samples[max(place - 4, 0) : end], 0, UTC_DAY, anew=False)
        place = end
    assert sum(account.bounced.values()) == happened
