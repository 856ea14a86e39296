"""The record of a hold: what can't be read stands, and a later decision has a higher sequence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
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
