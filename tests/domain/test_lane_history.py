"""Where a lane's counters begin, by what is committed."""

from __future__ import annotations

from datetime import date

import pytest

from tests.cli.conftest import ROOT
from warmlane.config import read_environment
from warmlane.environment import Environment
from warmlane.errors import ConfigError
from warmlane.lane_history import Unknown, adopted_until, lane_history, read_history
from warmlane.pacing.history import Base, Delivered
from warmlane.pacing.moments import first_day

DEV, PROD = read_environment(ROOT, "dev"), read_environment(ROOT, "prod")


def bases(environment: Environment, until: date | None = None) -> dict[str, Base | Unknown]:
    return read_history(lane_history(environment, until).model_dump_json())


def test_an_adopted_lane_begins_after_its_last_day_with_its_highest_volume() -> None:
    assert bases(DEV)["amber"] == Base(19, Delivered(first_day(date(2026, 11, 1)), 650_000))


def test_an_adopted_lane_of_a_rebuilt_environment_sent_until_it_was_rebuilt() -> None:
    found = bases(DEV, date(2027, 5, 1))["amber"]
    assert found == Base(19, Delivered(first_day(date(2027, 5, 1)), 650_000))
    assert bases(DEV, date(2026, 10, 1)) == bases(DEV), "it never makes the evidence older"


def test_a_new_lane_begins_with_nothing_and_one_that_has_sent_needs_figures() -> None:
    found = bases(PROD, date(2027, 5, 1))
    assert found == {"cobalt": Unknown(24), "ochre": Base()}


def test_the_last_of_the_short_days_of_a_date_counts() -> None:
    short = DEV.model_copy(update={"day_length": 3600})
    found = bases(short)["birch"]
    assert isinstance(found, Base) and found.last is not None
    assert found.last.day == first_day(date(2026, 11, 2), 3600) - 1


@pytest.mark.parametrize("text", ["", "[]", '{"lanes": {"amber": {"sending_days": -1}}}', '{"lanes": {"A": {}}}'])
def test_a_broken_document_is_one_clear_error(text: str) -> None:
    with pytest.raises(ValueError):
        read_history(text)


def test_the_file_of_a_rebuilt_environment() -> None:
    assert adopted_until('{"as_of": "2026-11-23"}', "a.json") == date(2026, 11, 23)
    for text in ("{", "{}", '{"as_of": "soon"}', '{"as_of": "2026-11-23", "by": "x"}'):
        with pytest.raises(ConfigError):
            adopted_until(text, "a.json")
