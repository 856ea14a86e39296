"""The report of a checked list as one HTML page that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from cli.check_list import plots
from cli.check_list.tally import OTHERS, Tally
from warmlane.recipients.risk import CANNOT_SEE, Risk
from warmlane.recipients.verdict import Kind, Reason

SLIPS_SHOWN = 25

MEANINGS = {
    Reason.VALID: "nothing found",
    Reason.MALFORMED: "no e-mail address",
    Reason.SUPPRESSED: "mail to it was stopped",
    Reason.DISPOSABLE: "disposable domain",
    Reason.OPERATIONS_ROLE: "role that runs mail or network",
    Reason.BUSINESS_ROLE: "role of a business",
    Reason.LIKELY_TYPO: "look-alike of a provider",
    Reason.POSSIBLE_TYPO: "possible typo",
    Reason.NO_DOMAIN: "domain does not exist",
    Reason.NO_MAIL_HOST: "no host takes its mail",
    Reason.NULL_MX: "domain takes no mail (null MX)",
    Reason.PARKED: "parked domain",
    Reason.DNS_UNKNOWN: "DNS did not answer",
    Reason.SUPPRESSION_UNKNOWN: "suppressions not told",
}

STYLE = """
:root{color-scheme:light dark;--accept:#2b8a5a;--defer:#c98a1b;--reject:#c2413a;--remark:#5b7db8;--line:#8884}
body{font:15px/1.5 system-ui,sans-serif;max-width:800px;margin:2rem auto;padding:0 1rem}
svg{width:100%;height:auto;font-size:13px}svg text{fill:currentColor}
.accept{fill:var(--accept)}.defer{fill:var(--defer)}.reject{fill:var(--reject)}.remark{fill:var(--remark)}
.track{fill:var(--line)}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--line)}td.n{text-align:right}
"""


@dataclass(frozen=True)
class Facts:
    """What the report is about; `unchecked` are sentences on what this run left out."""

    file: str
    tally: Tally
    risk: Risk
    unchecked: Sequence[str]


def html(facts: Facts) -> str:
    """The page. The same facts give the same page."""
    tally = facts.tally
    parts = [
        f"<h1>{escape(facts.file)}</h1>",
        f"<p>{tally.rows:,} recipients. {_kinds(tally)}</p>",
        *_risk(facts.risk),
        *_cannot_see(facts.unchecked),
        "<h2>Verdicts</h2>",
        plots.bars("Rows by verdict and reason", _verdicts(tally), tally.rows),
        "<h2>Along the file</h2><p>From its beginning (left) to its end: a bad part of a merged list stands out.</p>",
        plots.stacked("Verdicts along the file", tally.segments, tuple(Kind)),
        "<h2>Providers</h2>",
        plots.bars("Recipients by mailbox domain", _providers(tally), tally.rows),
        *_slips(tally),
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Recipients of {escape(facts.file)}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _kinds(tally: Tally) -> str:
    kinds = tally.kinds()
    return f"Accepted {kinds[Kind.ACCEPT]:,}, deferred {kinds[Kind.DEFER]:,}, rejected {kinds[Kind.REJECT]:,}."


def _risk(risk: Risk) -> list[str]:
    worst = (
        f", up to {risk.at_worst:.0f} if all domains that DNS did not tell are dead"
        if risk.at_worst > risk.score
        else ""
    )
    rows = "".join(
        f'<tr><td>{escape(one.danger.name)}</td><td class="n">{one.share:.2%}</td>'
        f'<td class="n">{one.danger.limit:.1%}</td><td class="n">{one.score:.0f}</td>'
        f"<td>{escape(one.danger.source)}</td></tr>"
        for one in risk.measured
    )
    return [
        f"<h2>Risk of the list as it stands: {risk.score:.0f} of 100 ({risk.level}){worst}</h2>",
        plots.gauge("Risk score", risk.score, risk.at_worst),
        "<p>The score is that of the worst line. At 100 a share has reached its limit.</p>",
        "<table><tr><th>danger</th><th>share</th><th>limit</th><th>score</th><th>why this limit</th></tr>",
        f"{rows}</table>",
    ]


def _cannot_see(unchecked: Sequence[str]) -> list[str]:
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in (*unchecked, *CANNOT_SEE))
    return [f"<h2>What the score can't see</h2><ul>{sentences}</ul>"]


def _verdicts(tally: Tally) -> list[plots.Bar]:
    found = list[plots.Bar]()
    for key, number in sorted(tally.verdicts.items(), key=lambda one: (-one[1], one[0])):
        kind, _, reason = key.partition("/")
        remark = kind == Kind.ACCEPT and reason != Reason.VALID
        found.append((MEANINGS[Reason(reason)], number, "remark" if remark else kind))
    return found


def _providers(tally: Tally) -> list[plots.Bar]:
    return [
        (name, number, "remark") for name, number in sorted(tally.providers.items(), key=lambda one: (-one[1], one[0]))
    ][:15]


def _slips(tally: Tally) -> list[str]:
    ranked = sorted(tally.slips.items(), key=lambda one: (-one[1], one[0]))
    pairs = [(key.split(" "), number) for key, number in ranked if key != OTHERS]
    if not pairs:
        return []
    rows = "".join(
        f'<tr><td>{escape(typed)}</td><td>{escape(meant)}</td><td class="n">{number:,}</td></tr>'
        for (typed, meant), number in pairs[:SLIPS_SHOWN]
    )
    return [
        "<h2>Slips of the keyboard</h2><p>Ask the recipients; nothing was put right.</p>",
        f"<table><tr><th>typed</th><th>perhaps meant</th><th>rows</th></tr>{rows}</table>",
    ]
