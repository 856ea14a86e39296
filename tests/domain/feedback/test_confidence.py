"""Wilson's bounds, by published figures and by what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warmlane.feedback.confidence import Z95, Z99, wilson


@pytest.mark.parametrize(
    ("mail", "at_95", "at_99"), [(20, 2, 2), (50, 3, 4), (100, 5, 6), (200, 8, 9), (500, 16, 18), (5000, 117, 124)]
)
def test_fewest_events_that_prove_more_than_two_per_cent(mail: int, at_95: int, at_99: int) -> None:
    for z, fewest in ((Z95, at_95), (Z99, at_99)):
        assert wilson(fewest, mail, z)[0] > 0.02 >= wilson(fewest - 1, mail, z)[0]


@given(st.integers(1, 10**6).flatmap(lambda mail: st.tuples(st.integers(0, mail), st.just(mail))))
def test_the_ratio_lies_between_its_bounds(counts: tuple[int, int]) -> None:
    low, high = wilson(*counts, Z99)
    assert 0 <= low <= counts[0] / counts[1] + 1e-12
    assert counts[0] / counts[1] - 1e-12 <= high <= 1


def test_no_mail_proves_nothing() -> None:
    assert wilson(0, 0, Z95) == (0, 1)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2, Z95)
