"""The risk of a list: the worst danger counts, and what DNS did not tell widens it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.recipients.risk import CANNOT_SEE, risk
from warmlane.recipients.verdict import Reason

COUNTS = st.dictionaries(st.sampled_from(list(Reason)), st.integers(0, 10**6))


def test_a_good_list_has_no_risk_and_the_score_says_what_it_can_not_see() -> None:
    assert risk({Reason.VALID: 1000}).score == 0
    assert any("Pristine" in sentence for sentence in CANNOT_SEE)


@pytest.mark.parametrize(
    ("reason", "rows", "score"),
    [(Reason.NO_DOMAIN, 50, 50), (Reason.NULL_MX, 100, 100), (Reason.LIKELY_TYPO, 1, 20), (Reason.DISPOSABLE, 20, 20)],
)
def test_a_share_is_measured_at_its_limit(reason: Reason, rows: int, score: float) -> None:
    assert risk({Reason.VALID: 1000 - rows, reason: rows}).score == pytest.approx(score)


def test_silence_of_dns_is_no_risk_but_may_be_one() -> None:
    found = risk({Reason.VALID: 950, Reason.DNS_UNKNOWN: 50})
    assert (found.score, found.at_worst, found.level) == (0, pytest.approx(50), "low")


@given(COUNTS)
def test_a_score_is_between_0_and_100(counts: dict[Reason, int]) -> None:
    found = risk(counts)
    assert 0 <= found.score <= found.at_worst <= 100


@given(COUNTS, st.sampled_from([Reason.NO_DOMAIN, Reason.PARKED, Reason.MALFORMED]), st.integers(1, 1000))
def test_more_bad_rows_never_lower_it(counts: dict[Reason, int], reason: Reason, more: int) -> None:
    """Bad rows in place of good ones; one more bad row of one kind may thin out another kind."""
    good = {**counts, Reason.VALID: counts.get(Reason.VALID, 0) + more}
    worse = {**counts, reason: counts.get(reason, 0) + more}
    assert risk(worse).score >= risk(good).score
