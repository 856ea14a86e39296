"""Draws lines over time as SVG, and writes numbers with their unit. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

from cli.dash.samples import Window

WIDTH, HEIGHT = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 54, 8, 8, 22
"""Pixels around the plot."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#8c564b")
"""Okabe and Ito's colours (told apart by the colour-blind), the yellow left out, and two more."""
MOST = 40
"""Lines of one plot."""

Line = tuple[str, Sequence[tuple[float, float]]]
"""Name and points: seconds since 1970 UTC, value."""


def figure(value: float, unit: str) -> str:
    """A value with its unit, short: Grafana's `percentunit`, `s`, `cps`, `short` and `none`."""
    if unit == "percentunit":
        return f"{value:.3g}".rstrip() if value * 100 >= 1e6 else f"{value * 100:.3g} %"
    ending = {"s": " s", "cps": "/s"}.get(unit, "")
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size and unit != "s":
            return f"{value / size:.3g}{letter}{ending}"
    return f"{value:.3g}{ending}"


def ceiling(highest: float) -> float:
    """The next round number: 1, 2, 2.5 or 5 times a power of ten; 1 for nothing."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(power * part for part in (1, 2, 2.5, 5, 10) if power * part >= highest * (1 - 1e-9))


def plot(lines: Sequence[Line], unit: str, window: Window) -> str:
    """An SVG of the lines, with axes and a legend. Gaps in the data stay gaps."""
    shown = list(lines)[:MOST]
    top = ceiling(max(value for _, points in shown for _, value in points))
    floor = min(0.0, *(value for _, points in shown for _, value in points))
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(at: float) -> float:
        return LEFT + across * (at - window.start) / (window.end - window.start)

    def y(value: float) -> float:
        return TOP + down * (top - value) / (top - floor)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">']
    for step in range(5):
        value = floor + (top - floor) * step / 4
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text x="{LEFT - 5}" y="{y(value) + 3.5:.1f}" class="left">{escape(figure(value, unit))}</text>')
    for step in range(5):
        at = window.start + (window.end - window.start) * step / 4
        anchor = {0: "start", 4: "end"}.get(step, "middle")
        time = f"{datetime.fromtimestamp(at, UTC):%H:%M}"
        parts.append(f'<text x="{x(at):.1f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{time}</text>')
    for place, (name, points) in enumerate(shown):
        colour = COLOURS[place % len(COLOURS)]
        for piece in _pieces(points, 1.5 * window.step):
            where = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in piece)
            drawn = (
                f'<polyline points="{where}" stroke="{colour}"'
                if len(piece) > 1
                else f'<circle cx="{where.split(",")[0]}" cy="{where.split(",")[1]}" r="1.5" fill="{colour}"'
            )
            parts.append(f"{drawn}><title>{escape(name)}</title></{'polyline' if len(piece) > 1 else 'circle'}>")
    return "".join([*parts, "</svg>", _legend(shown, unit, len(lines) - len(shown))])


def _pieces(points: Sequence[tuple[float, float]], gap: float) -> list[list[tuple[float, float]]]:
    pieces = list[list[tuple[float, float]]]()
    for point in points:
        if pieces and point[0] - pieces[-1][-1][0] <= gap:
            pieces[-1].append(point)
        else:
            pieces.append([point])
    return pieces


def _legend(lines: Sequence[Line], unit: str, more: int) -> str:
    names = [
        f'<li><i style="background:{COLOURS[place % len(COLOURS)]}"></i>{escape(name)}'
        f" <b>{escape(figure(points[-1][1], unit))}</b></li>"
        for place, (name, points) in enumerate(lines)
    ]
    rest = [f"<li>and {more} more, not drawn</li>"] if more > 0 else []
    return f'<ul class="legend">{"".join(names + rest)}</ul>'
