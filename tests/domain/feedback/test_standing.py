"""How a campaign's standing moves: dwell, probe, hysteresis, and that nothing but a person ends a quarantine."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.feedback.rules import Finding
from warmlane.feedback.signals import COUNTS_FRESH
from warmlane.feedback.standing import (
    COOL_DOWN_DAYS,
    DWELL_DAYS,
    PROBE_DAYS,
    PROBE_FACTOR,
    PROBE_MAIL,
    RANK,
    THROTTLE_FACTOR,
    Standing,
    moved,
    released,
)
from warmlane.hold import Level

LOOK = 60.0
DAY = 3_600
NOW = 1_000_000.0


def finding(level: Level) -> Finding:
    return Finding("rule", level)


def after(
    standing: Standing, looks: int, *levels: Level, known: bool = True, start: float = NOW, mail: int = 0
) -> tuple[Standing, float]:
    """The standing after so many looks that all see the same."""
    now = start
    for _ in range(looks):
        now += LOOK
        standing, _ = moved(standing, [finding(level) for level in levels], known, mail, now, DAY)
    return standing, now


def looks(days: float) -> int:
    return int(days * DAY / LOOK)


def throttled() -> Standing:
    return after(Standing(), 1, Level.THROTTLED)[0]


def test_the_way_back_from_a_throttle_is_a_probe() -> None:
    standing, now = after(throttled(), looks(DWELL_DAYS) - 1, start=NOW + LOOK)
    assert (standing.level, standing.factor) == (Level.THROTTLED, THROTTLE_FACTOR)
    standing, now = after(standing, 1, start=now, mail=100)
    assert (standing.level, standing.factor, standing.probing) == (Level.THROTTLED, PROBE_FACTOR, True)
    standing, now = after(standing, looks(PROBE_DAYS) + 5, start=now, mail=100 + PROBE_MAIL - 1)
    assert standing.probing, "a probe without mail has shown nothing"
    standing, now = after(standing, 1, start=now, mail=100 + PROBE_MAIL)
    assert (standing.level, standing.factor, standing.returned) == (Level.NONE, 1.0, now)


def test_time_without_data_is_not_calm() -> None:
    standing, now = after(throttled(), looks(10), known=False, start=NOW + LOOK)
    assert standing == throttled()
    standing, _ = after(standing, 1, start=now)
    assert standing.calm * DAY == pytest.approx(COUNTS_FRESH), "a look after a gap vouches for what it can have seen"
    assert standing.level is Level.THROTTLED and not standing.probing


def test_what_is_not_calm_begins_the_dwell_anew() -> None:
    standing, now = after(throttled(), looks(DWELL_DAYS) - 1, start=NOW + LOOK)
    standing, _ = after(standing, 1, Level.NONE, start=now)
    assert (standing.level, standing.calm) == (Level.THROTTLED, 0)


def test_a_probe_that_fails_doubles_the_dwell() -> None:
    standing = Standing(Level.THROTTLED, NOW, probing=True, seen=NOW)
    again, _ = after(standing, 1, Level.THROTTLED)
    assert (again.probing, again.factor, again.dwell) == (False, THROTTLE_FACTOR, 2 * DWELL_DAYS)


@pytest.mark.parametrize(("days", "dwell"), [(COOL_DOWN_DAYS - 1, 2 * DWELL_DAYS), (COOL_DOWN_DAYS + 1, DWELL_DAYS)])
def test_a_throttle_soon_after_the_last_lasts_longer(days: float, dwell: float) -> None:
    standing = Standing(returned=NOW - days * DAY)
    assert after(standing, 1, Level.THROTTLED)[0].dwell == dwell


@pytest.mark.parametrize("level", [Level.QUARANTINED, Level.RETIRED])
def test_only_a_person_ends_a_hold(level: Level) -> None:
    standing = Standing(level, NOW)
    assert after(standing, looks(60), mail=10**6) == (standing, NOW + looks(60) * LOOK)
    assert after(standing, 1, Level.QUARANTINED)[0] == standing


def test_a_release_leads_to_the_probe_like_any_throttle() -> None:
    standing = released(NOW)
    assert (standing.level, standing.factor) == (Level.THROTTLED, THROTTLE_FACTOR)
    assert after(standing, looks(DWELL_DAYS))[0].probing


LOOKS = st.lists(st.tuples(st.lists(st.sampled_from(Level), max_size=2), st.booleans(), st.integers(1, 4_000)))


@given(LOOKS)
def test_no_sequence_of_looks_opens_faster_than_the_dwell(seen: list[tuple[list[Level], bool, int]]) -> None:
    """Whatever comes: quarantine never ends, each step up takes its calm, and every move has a cause."""
    standing, now, path = Standing(), NOW, [(NOW, Standing())]
    for levels, known, passed in seen:
        levels = [level for level in levels if level is not Level.RETIRED]
        now += passed
        before = standing
        standing, cause = moved(standing, [finding(level) for level in levels], known, 10**6, now, DAY)
        assert (cause is None) == ((standing.level, standing.probing) == (before.level, before.probing))
        if cause is not None:
            path.append((now, standing))
    for (earlier, old), (later, new) in pairwise(path):
        if RANK[new.level] < RANK[old.level] or new.factor > old.factor:
            assert old.level is Level.THROTTLED
            assert (later - earlier) / DAY >= old.dwell - 1e-9
        assert old.level is not Level.QUARANTINED


def test_a_standing_survives_json() -> None:
    standing = Standing(Level.THROTTLED, NOW, True, True, 2, 0.5, NOW, NOW - 1, 7)
    assert Standing.from_json(json.loads(json.dumps(standing.to_json()))) == standing
