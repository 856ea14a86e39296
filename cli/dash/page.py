"""One HTML page with the panels of all boards. It needs nothing but itself: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape

from cli.dash.boards import Board, Panel, filled
from cli.dash.draw import figure, plot
from cli.dash.samples import Ask, Series, Window, at_the_end, over_time

STYLE = """
body{font:14px/1.45 system-ui,sans-serif;color:#1d2125;background:#f4f5f6;margin:0 auto;max-width:1240px;padding:20px}
h1{font-size:22px;margin:0}h2{font-size:19px;margin:34px 0 0}h3{font-size:15px;margin:20px 0 8px}
p{margin:2px 0 10px;color:#565e66}nav a{margin-right:14px}
.grid-of{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:12px}
section{background:#fff;border:1px solid #dcdfe3;border-radius:5px;padding:10px 12px;min-width:0}
section.timeseries{grid-column:span 2}h4{margin:0;font-size:14px}section p{font-size:12px}
.row{grid-column:1/-1;margin-bottom:-4px}svg{width:100%;height:auto;display:block}
svg text{font-size:10px;fill:#565e66}svg .left{text-anchor:end}svg .grid{stroke:#e6e8eb}
polyline{fill:none;stroke-width:1.6;stroke-linejoin:round}
ul{list-style:none;margin:6px 0 0;padding:0;display:flex;flex-wrap:wrap;gap:2px 14px;font-size:12px}
i{display:inline-block;width:10px;height:3px;margin-right:5px;vertical-align:middle}
.figures{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 14px}.figures b{font-size:24px}
.figures span{color:#565e66;font-size:12px}
.none{color:#8a929a;padding:24px 0;text-align:center}
@media(max-width:640px){section.timeseries{grid-column:span 1}}
"""


@dataclass
class Drawn:
    """What came of it: the page, and the panels for which Prometheus had nothing."""

    html: str = ""
    panels: int = 0
    empty: list[str] = field(default_factory=list)


def page(
    environment: str, boards: Sequence[Board], chosen: Mapping[str, Sequence[str]], ask: Ask, window: Window
) -> Drawn:
    """Draws every board; one that is about a single campaign or lane once for each value in `chosen`."""
    drawn = Drawn()
    parts, links = list[str](), list[str]()
    for board in boards:
        values: Sequence[str | None] = [None] if board.one_of is None else chosen.get(board.one_of, ())
        for value in values:
            title = board.title if value is None else f"{board.title} {value}"
            anchor = title.lower().replace(" ", "-")
            links.append(f'<a href="#{escape(anchor)}">{escape(title)}</a>')
            parts.append(f'<h2 id="{escape(anchor)}">{escape(title)}</h2><p>{escape(board.description)}</p>')
            filling = {} if board.one_of is None or value is None else {board.one_of: value}
            panels = "".join(_panel(panel, title, filling, ask, window, drawn) for panel in board.panels)
            parts.append(f'<div class="grid-of">{panels}</div>')
    times = " to ".join(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}" for at in (window.start, window.end))
    head = f"<h1>{escape(environment)}: senders</h1><p>{times} UTC, from Prometheus</p><nav>{''.join(links)}</nav>"
    drawn.html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(environment)}: senders</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{head}{''.join(parts)}</body></html>\n"
    )
    return drawn


def _panel(panel: Panel, board: str, filling: Mapping[str, str], ask: Ask, window: Window, drawn: Drawn) -> str:
    if panel.kind == "row":
        return f'<h3 class="row">{escape(panel.title)}</h3>'
    fetch = at_the_end if panel.kind == "stat" else over_time
    found: list[tuple[str, Series]] = [
        (query.name(series.labels), series)
        for query in panel.queries
        for series in fetch(ask, filled(query.expression, window.step, filling), window)
    ]
    found.sort(key=lambda pair: pair[0])
    drawn.panels += 1
    if not found:
        drawn.empty.append(f"{board}: {panel.title}")
        shown = '<div class="none">no data</div>'
    elif panel.kind == "stat":
        shown = _figures(found, panel.unit)
    else:
        shown = plot([(name, series.points) for name, series in found], panel.unit, window)
    words = f"<h4>{escape(panel.title)}</h4><p>{escape(panel.description)}</p>"
    return f'<section class="{escape(panel.kind)}">{words}{shown}</section>'


def _figures(found: Sequence[tuple[str, Series]], unit: str) -> str:
    figures = "".join(
        f"<div><b>{escape(figure(series.points[-1][1], unit))}</b> <span>{escape(name)}</span></div>"
        for name, series in found
    )
    return f'<div class="figures">{figures}</div>'
