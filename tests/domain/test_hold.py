"""The record of a hold: what can't be read stands, and a later decision has a higher sequence."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane import hold

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
SOUND: dict[str, Any] = {
    "level": "throttled",
    "sequence": 7,
    "reason": "Deferrals at one provider.",
    "by": "ops",
    "since": "2026-11-24T18:00:00Z",
    "throttle": "0.25",
}


def changed(**values: Any) -> str:
    return json.dumps({key: value for key, value in {**SOUND, **values}.items() if value is not None})


def span(since: float, until: float) -> dict[str, str]:
    """A span of days after a fixed one."""
    days = (NOW + timedelta(days=since), NOW + timedelta(days=until))
    return dict(zip(("since", "until"), (day.isoformat().replace("+00:00", "Z") for day in days), strict=True))


def spans(*days: tuple[float, float]) -> tuple[hold.Span, ...]:
    return tuple(hold.Span.model_validate_json(json.dumps(span(*each))) for each in days)


def test_a_record_survives_being_written_and_read() -> None:
    record = hold.parse(changed())
    assert hold.parse(record.text()) == record
    assert record.text() == hold.parse(record.text()).text(), (
        "the same record has the same text, or mirrors would differ"
    )


@pytest.mark.parametrize(
    ("values", "stands", "factor"),
    [
        ({"level": "none", "throttle": "1"}, False, 1.0),
        ({"level": "throttled", "throttle": "0.25"}, False, 0.25),
        ({"level": "quarantined", "throttle": "0"}, True, 0.0),
        ({"level": "retired", "throttle": "1"}, True, 0.0),
    ],
)
def test_a_level_says_how_much_may_leave(values: dict[str, str], stands: bool, factor: float) -> None:
    record = hold.parse(changed(**values))
    assert (record.stands, record.factor) == (stands, factor)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "null",
        "[" * 100_000,
        changed(level="paused"),
        changed(level=None),
        changed(sequence=0),
        changed(sequence="7"),
        changed(sequence=7.0),
        changed(sequence=True),
        changed(reason=None),
        changed(reason=" "),
        changed(reason="two\nlines"),
        changed(reason="x" * 301),
        changed(by=""),
        changed(since="2026-11-24T18:00:00"),
        changed(since="2026-11-24T18:00:00+01:00"),
        changed(throttle=0.25),
        changed(throttle="1.5"),
        changed(throttle="-0"),
        changed(throttle="1"),
        changed(throttle="0"),
        changed(level="none", throttle="0.5"),
        changed(until="2026-12-01"),
        changed(stood=[{"since": "2026-11-24T18:00:00Z", "until": "2026-11-24T18:00:00Z"}]),
        changed(stood=[{"since": "2026-11-24T18:00:00Z"}]),
        changed(stood=[span(day, day + 1) for day in range(101)]),
    ],
)
def test_what_is_not_sound_can_not_be_read(text: str) -> None:
    with pytest.raises(hold.UnreadableHold, match="hold.json can't be read"):
        hold.parse(text)


@given(st.text() | st.binary().map(lambda raw: raw.decode(errors="surrogateescape")))
def test_garbage_never_raises_anything_else(text: str) -> None:
    with pytest.raises(hold.UnreadableHold):
        hold.parse(text)


@pytest.mark.parametrize("document", [{}, {"data": None}, {"data": {}}, {"data": {"other": changed()}}, {"data": "x"}])
def test_a_config_map_without_the_key_can_not_be_read(document: dict[str, Any]) -> None:
    with pytest.raises(hold.UnreadableHold, match="has no hold.json"):
        hold.of_config_map(document)


def test_a_record_remembers_the_holds_that_have_ended_and_is_as_before_without() -> None:
    record = hold.parse(changed(stood=[span(0, 30)]))
    assert record.stood == spans((0, 30)) and hold.parse(record.text()) == record
    assert json.loads(hold.parse(changed()).text()) == SOUND, "a gate of before must be able to read it"


def test_what_stood_is_counted_once_and_only_between_the_two_moments() -> None:
    stood, day = spans((0, 10), (5, 12), (20, 30)), 86_400.0
    start = NOW.timestamp()
    assert hold.standing_seconds(stood, start, start + 40 * day) == 22 * day
    assert hold.standing_seconds(stood, start + 11 * day, start + 25 * day) == 6 * day
    assert hold.standing_seconds(stood, start + 13 * day, start + 19 * day) == 0
    assert hold.standing_seconds(stood, start + 25 * day, start) == 0, "a clock that was set back"


def test_a_hold_that_follows_another_at_once_makes_one_span_of_both() -> None:
    assert hold.ended(spans((0, 1), (3, 4)), NOW + timedelta(days=4), NOW + timedelta(days=9)) == spans((0, 1), (3, 9))
    assert hold.ended(spans((0, 1)), NOW + timedelta(days=4), NOW) == spans((0, 1)), "the clock was set back"


@given(
    st.lists(
        st.tuples(st.integers(0, 5000), st.integers(1, 5)), min_size=101, max_size=140, unique_by=lambda it: it[0]
    ),
    st.integers(0, 5000),
)
def test_however_many_holds_there_were_mail_never_ages_in_one(holds: list[tuple[int, int]], first: int) -> None:
    stood: tuple[hold.Span, ...] = ()
    for since, days in sorted(holds):
        stood = hold.ended(stood, NOW + timedelta(days=since), NOW + timedelta(days=since + days))
    hold.Record(**{**SOUND, "since": NOW, "stood": stood})
    each = spans(*((since, since + days) for since, days in holds))
    start, end = NOW.timestamp() + first * 86_400, NOW.timestamp() + 6000 * 86_400
    assert hold.standing_seconds(stood, start, end) >= hold.standing_seconds(each, start, end)
    everything = hold.standing_seconds(each, 0, end)
    assert hold.standing_seconds(stood, 0, end) == everything


@given(
    st.lists(st.integers(1, 2**62)), st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
)
def test_a_sequence_only_grows_whatever_the_clock_says(known: list[int], now: datetime) -> None:
    following = hold.next_sequence(known, now)
    assert all(following > sequence for sequence in known)
    assert hold.next_sequence([following], now) > following


def test_a_sequence_lies_above_those_that_nobody_can_read_any_more() -> None:
    lost = hold.next_sequence([], datetime(2026, 11, 24, 17, 59, 59, tzinfo=UTC))
    assert hold.next_sequence([], NOW) > lost, "a deleted record must not let an older mirror win"


def test_manifests_lie_where_gate_and_program_look() -> None:
    record, mirror = hold.record_manifest("spring-sale", "{}"), hold.mirror_manifest("spring-sale", "{}")
    place = [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in (record, mirror)]
    assert place == [("warmlane-platform", "sender-hold-spring-sale"), ("campaign-spring-sale", "sender-hold")]
    assert record["data"] == mirror["data"] == {"hold.json": "{}"}
