"""Plots as inline SVG: no script, no font, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, BAR, GAP, LABEL, NUMBER = 720, 18, 8, 220, 130
HEIGHT = 160

Bar = tuple[str, int, str]
"""Label, number, and the class that gives the colour: accept, defer, reject, or remark."""


def bars(title: str, rows: Sequence[Bar], total: int) -> str:
    """One horizontal bar a row, with number and share of the total."""
    most = max((number for _, number, _ in rows), default=0)
    parts = list[str]()
    for place, (label, number, colour) in enumerate(rows):
        top = place * (BAR + GAP)
        width = (WIDTH - LABEL - NUMBER) * number / most if most else 0
        share = f"{number / total:.2%}" if total else "-"
        middle, shown = top + BAR * 0.75, max(width, 1 if number else 0)
        parts += [
            f'<text x="{LABEL - 8}" y="{middle:.0f}" text-anchor="end">{escape(label)}</text>',
            f'<rect class="{colour}" x="{LABEL}" y="{top}" width="{shown:.1f}" height="{BAR}"/>',
            f'<text x="{LABEL + width + 6:.1f}" y="{middle:.0f}">{number:,} ({share})</text>',
        ]
    return _svg(title, len(rows) * (BAR + GAP), "".join(parts))


def stacked(title: str, columns: Sequence[Mapping[str, int]], layers: Sequence[str]) -> str:
    """One column a part, its layers as shares of the part from below; the classes are the layers' names."""
    width = WIDTH / max(len(columns), 1)
    parts = list[str]()
    for place, column in enumerate(columns):
        whole, bottom = sum(column.values()), float(HEIGHT)
        for layer in layers:
            height = HEIGHT * column.get(layer, 0) / whole if whole else 0
            bottom -= height
            if height:
                tip = f"<title>{layer}: {column.get(layer, 0):,} of {whole:,}</title>"
                size = f'width="{width - 1:.1f}" height="{height:.2f}"'
                parts.append(f'<rect class="{layer}" x="{place * width:.1f}" y="{bottom:.2f}" {size}>{tip}</rect>')
    return _svg(title, HEIGHT, "".join(parts))


def gauge(title: str, score: float, at_worst: float) -> str:
    """A score from 0 to 100, with what it may come to."""
    inner = (
        f'<rect class="track" x="0" y="0" width="{WIDTH}" height="{BAR}"/>'
        f'<rect class="defer" x="0" y="0" width="{WIDTH * at_worst / 100:.1f}" height="{BAR}"/>'
        f'<rect class="reject" x="0" y="0" width="{WIDTH * score / 100:.1f}" height="{BAR}"/>'
    )
    return _svg(title, BAR, inner)


def _svg(title: str, height: int, inner: str) -> str:
    name = escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {max(height, 1)}" role="img" aria-label="{name}"><title>{name}</title>{inner}</svg>'
    )
