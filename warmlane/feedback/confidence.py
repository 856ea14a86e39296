"""Wilson's confidence bounds of a ratio (E. B. Wilson, Journal of the American Statistical Association 22, 1927)."""

from __future__ import annotations

from math import sqrt

Z95, Z99 = 1.645, 2.326
"""One-sided 95 % and 99 %."""


def wilson(events: int, mail: int, z: float) -> tuple[float, float]:
    """Lower and upper bound of the ratio, 0-1; (0, 1) without mail. Raises ValueError for more events than mail."""
    if not 0 <= events <= mail:
        raise ValueError(f"{events} of {mail} is no ratio")
    if not mail:
        return 0.0, 1.0
    ratio, square = events / mail, z * z / mail
    middle = ratio + square / 2
    reach = z * sqrt(ratio * (1 - ratio) / mail + square / (4 * mail))
    return max((middle - reach) / (1 + square), 0.0), min((middle + reach) / (1 + square), 1.0)
