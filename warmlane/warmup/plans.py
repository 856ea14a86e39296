"""Published warm-up plans, in messages/day of one address on each sending day.

Every plan is cut to SparkPost's column, the upper bound of this project: it is the fastest of the published tables
that a sender documents for its own addresses. Read 2026-08:

- SparkPost: SparkPost/support-docs, `content/docs/deliverability/ip-warm-up-overview.md`. Day 28 is printed "7,50,000"
  there, between 6 and 10 million: 7,500,000.
- conservative, moderate, aggressive: braze-inc/braze-docs, `ip_warming.md`.
"""

from __future__ import annotations

from warmlane.campaign import Plan

# fmt: off
SPARKPOST = (
    200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 50_000, 75_000,
    100_000, 150_000, 200_000, 250_000, 325_000, 400_000, 500_000, 600_000, 750_000, 1_000_000,
    1_250_000, 1_750_000, 2_000_000, 3_000_000, 4_250_000, 5_000_000, 6_000_000, 7_500_000, 10_000_000,
)
"""Upper bound, by sending day. Its last figure is also the highest daily volume that a campaign may ask for."""

MODERATE = (
    50, 100, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 25_000, 35_000,
    50_000, 75_000, 100_000, 150_000, 200_000, 275_000, 375_000, 500_000, 650_000, 825_000,
    1_000_000,
)
"""The source says "continue" after day 21: at the growth of its last printed day (825,000 to 1,000,000)."""

CONSERVATIVE = (50, 100, 500, 1_000, 2_000, 4_000, 8_000)
"""Each figure stands for three sending days; after the last it doubles every three days."""

AGGRESSIVE = (
    50, 100, 500, 1_000, 5_000, 10_000, 20_000, 40_000, 70_000, 100_000,
    150_000, 250_000, 400_000, 600_000, 1_000_000, 2_000_000, 4_000_000,
)
"""After the last printed day it doubles daily."""
# fmt: on

CONSERVATIVE_DAYS_PER_FIGURE = 3


def upper_bound(day: int) -> int:
    """SparkPost's figure for a sending day (1-based), messages/day; constant after the last printed one."""
    return SPARKPOST[min(day, len(SPARKPOST)) - 1]


def published(plan: Plan, day: int) -> int:
    """The plan's own figure for sending day `day` (1-based), messages/day, continued as its source says.

    Never above the last figure of SparkPost's column. Raises ValueError for a day below 1.
    """
    if day < 1:
        raise ValueError(f"sending days count from 1; there is no day {day}")
    top = SPARKPOST[-1]
    table: tuple[int, ...]
    if plan is Plan.CONSERVATIVE:
        table, position, numerator, denominator = CONSERVATIVE, (day - 1) // CONSERVATIVE_DAYS_PER_FIGURE, 2, 1
    elif plan is Plan.MODERATE:
        table, position, numerator, denominator = MODERATE, day - 1, MODERATE[-1], MODERATE[-2]
    else:
        table, position, numerator, denominator = AGGRESSIVE, day - 1, 2, 1
    figure = table[min(position, len(table) - 1)]
    for _ in range(position - len(table) + 1):
        if figure >= top:
            return top
        figure = figure * numerator // denominator
    return min(figure, top)


def step(plan: Plan, day: int) -> int:
    """The plan's figure for sending day `day` (1-based), messages/day, cut to SparkPost's column.

    Raises ValueError for a day below 1.
    """
    return min(published(plan, day), upper_bound(day))
