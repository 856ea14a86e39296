"""What a provider answers, with time as an argument."""

from __future__ import annotations

from collections.abc import Iterable
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import settings
from lab.receivers.scenario import parse
from lab.receivers.traffic import Traffic, signed_by_its_author
from warmlane.pacing.moments import HOURS

DAY = 240
HOUR = DAY // HOURS
MIDNIGHT = 1_000_000 * DAY
SOURCE, OTHER = "198.51.100.16", "198.51.100.17"


def traffic(behaviour: str, began: float = MIDNIGHT) -> Traffic:
    found = parse(f"day_length: {DAY}\nproviders: {{gmail: {{{behaviour}}}}}", "test.yaml")
    return Traffic(found.providers.gmail, settings.PROVIDERS["gmail"].domains, found.day_length, began)


def taken(provider: Traffic, moments: Iterable[float], source: str = SOURCE) -> int:
    return sum(provider.message(source, Message(), now) is None for now in moments)


def test_an_hours_cap_is_exact_and_the_next_hour_begins_anew() -> None:
    provider = traffic("caps: {hour: 3}")

    assert taken(provider, [MIDNIGHT + HOUR - 0.01] * 10) == 3
    assert taken(provider, [MIDNIGHT + HOUR] * 10) == 3


def test_a_days_cap_holds_over_its_hours() -> None:
    provider = traffic("caps: {hour: 3, day: 7}")
    in_each_hour = [taken(provider, [MIDNIGHT + hour * HOUR] * 10) for hour in range(5)]

    assert in_each_hour == [3, 3, 1, 0, 0]
    assert taken(provider, [MIDNIGHT + DAY] * 10) == 3


def test_each_source_has_a_cap_of_its_own() -> None:
    provider = traffic("caps: {hour: 3}")

    assert taken(provider, [MIDNIGHT] * 5) == 3
    assert taken(provider, [MIDNIGHT] * 5, OTHER) == 3


@given(st.lists(st.floats(0, 3 * DAY), max_size=80), st.integers(1, 5), st.integers(1, 20))
def test_no_window_ever_takes_more_than_its_cap_and_none_refuses_below_it(
    moments: list[float], hour: int, day: int
) -> None:
    provider = traffic(f"caps: {{hour: {hour}, day: {day}}}")
    hours, days = dict[int, int](), dict[int, int]()
    for moment in sorted(moments):
        now = MIDNIGHT + moment
        this_hour, this_day = int(now // HOUR), int(now // DAY)
        room = hours.get(this_hour, 0) < hour and days.get(this_day, 0) < day
        assert (provider.message(SOURCE, Message(), now) is None) == room
        hours[this_hour] = hours.get(this_hour, 0) + room
        days[this_day] = days.get(this_day, 0) + room


def test_greylisting_puts_off_the_first_attempt_of_each_triple() -> None:
    provider = traffic("greylisting: {seconds: 30}")

    def attempt(seconds: float, sender: str = "a@x.test", to: str = "r@d000.gmail.test", source: str = SOURCE) -> bool:
        return provider.recipient(source, sender, to, MIDNIGHT + seconds) is None

    assert not attempt(0)
    assert not attempt(29.9)
    assert attempt(30), "the time counts from the first attempt, not from the last"
    assert attempt(31)
    assert not attempt(31, sender="b@x.test")
    assert not attempt(31, to="other@d000.gmail.test")
    assert not attempt(31, source=OTHER)


def test_outages_begin_and_end_when_they_say() -> None:
    provider = traffic(
        "outages: [{begins: 10, seconds: 5, kind: refuse}, "
        "{begins: 20, seconds: 5, kind: busy, reply: 421 4.3.2 Later}]"
    )
    listening = [provider.listens(MIDNIGHT + second) for second in (9.9, 10, 14.9, 15, 22)]
    greetings = [provider.greeting(SOURCE, 0, MIDNIGHT + second) for second in (19.9, 20, 24.9, 25)]

    assert listening == [True, False, False, True, True]
    assert greetings == [None, "421 4.3.2 Later", "421 4.3.2 Later", None]


def test_a_reply_may_name_the_clients_address() -> None:
    provider = traffic("sessions: {most: 1, reply: '421 4.7.0 [TSS04] Too much from {source}'}")

    assert provider.greeting(SOURCE, 1, MIDNIGHT) == f"421 4.7.0 [TSS04] Too much from {SOURCE}"


@pytest.mark.parametrize(
    ("author", "signatures", "signed"),
    [
        ("A <a@news.example.com>", ["v=1; a=rsa-sha256; d=news.example.com; s=x"], True),
        ("a@news.example.com", ["v=1; d=example.com; s=x"], True),
        ("a@NEWS.example.com", ["v=1; d=other.test", "v=1;d = News.Example.com"], True),
        ("a@news.example.com", [], False),
        ("a@news.example.com", ["v=1; d=sample.com"], False),
        ("a@news.example.com", ["v=1; d=s.example.com"], False),
        ("a@news.example.com", ["v=1; bd=news.example.com"], False),
        ("", ["v=1; d=news.example.com"], False),
    ],
)
def test_a_signature_counts_where_its_domain_is_aligned_with_the_author(
    author: str, signatures: list[str], signed: bool
) -> None:
    headers = Message()
    if author:
        headers["From"] = author
    for signature in signatures:
        headers["DKIM-Signature"] = signature

    assert signed_by_its_author(headers) is signed
