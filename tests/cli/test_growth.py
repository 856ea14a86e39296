"""Today's limit against the highest day of late, for each leased lane of a snapshot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cli import growth
from tests.cli.conftest import ROOT
from warmlane.config import read_environment
from warmlane.snapshot import LaneFacts, Snapshot

TODAY = date(2026, 11, 24)
DEV = read_environment(ROOT, "dev")


def rows(delivered: dict[date, int], today: date = TODAY) -> list[growth.Row]:
    taken = datetime(2026, 11, 24, 12, tzinfo=UTC)
    lanes = {"amber": LaneFacts(delivered=delivered)}
    found = Snapshot(environment="dev", taken=taken, lanes=lanes, leases={"spring-sale": "amber"})
    return growth.rows(ROOT, DEV, found, today)


def before(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_only_the_last_seven_days_with_mail_count() -> None:
    quiet = {before(day): 0 for day in range(1, 4)}
    mail = {before(day): 100 + day for day in range(4, 12)}
    (row,) = rows({**quiet, **mail})
    assert (row.lane, row.campaign, row.last_mail) == ("amber", "spring-sale", before(4))
    assert row.highest == 110, "the eighth day from the last, with 111, is past"
    assert row.limit == 1_000_000 and row.growth == pytest.approx(1_000_000 / 110)


def test_the_limit_of_the_schedule_and_its_growth() -> None:
    # 19 days lie behind amber; Braze's moderate plan allows 825,000 on the 20th and 1,000,000 on the 21st, which the
    # campaign wants.
    (first,) = rows({}, date(2026, 11, 2))
    assert (first.limit, first.plans_growth, first.growth) == (825_000, 1.0, None)
    (second,) = rows({date(2026, 11, 2): 825_000}, date(2026, 11, 3))
    assert (second.limit, second.plans_growth, second.growth) == (1_000_000, 1_000_000 / 825_000, 1_000_000 / 825_000)
    assert list(growth.notes([first, second])) == [], "it grows as its plan does"
    (early,) = rows({}, date(2026, 11, 1))
    assert early.limit is None, "the schedule has not begun"


def test_what_outgrows_its_plan_is_told() -> None:
    (row,) = rows({before(1): 200_000})
    (text,) = growth.notes([row])
    assert "spring-sale may send 1000000 messages today, 5.0 times the most that amber delivered" in text
    assert row.cells == ("amber", "spring-sale", "19", "2026-11-23", "200000", "1000000", "x5.0 (plan x1.0)")


def test_without_mail_there_is_nothing_to_compare() -> None:
    (row,) = rows({before(1): 0})
    assert row.cells[3:5] == ("-", "-") and row.growth is None
    assert list(growth.notes([row])) == []
