"""What is counted while a list is checked. Every count is bounded, whatever the list holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from warmlane.recipients.lists import lists
from warmlane.recipients.verdict import Kind, Reason, Verdict

SEGMENTS = 40
"""Parts of the file, by octets, whose verdicts are counted apart: a bad part of a merged list shows."""
SLIPS_KEPT = 500
"""Pairs of a typed and a suggested domain that are counted apart; what comes later counts as `others`."""
OTHERS = "others"


@dataclass
class Tally:
    """Rows by verdict, by part of the file and by provider, and the slips that were seen."""

    rows: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    """By `<kind>/<reason>`."""
    segments: list[Counter[str]] = field(default_factory=lambda: [Counter() for _ in range(SEGMENTS)])
    slips: Counter[str] = field(default_factory=Counter)
    providers: Counter[str] = field(default_factory=Counter)
    """By domain of a big provider, `others` for the rest."""

    def add(self, verdict: Verdict, domain: str, segment: int) -> None:
        """Counts a row; `domain` is empty when there is none."""
        self.rows += 1
        self.verdicts[f"{verdict.kind}/{verdict.reason}"] += 1
        self.segments[segment][verdict.kind] += 1
        self.providers[domain if domain in _PROVIDERS else OTHERS] += 1
        if verdict.suggestion:
            slip = f"{domain} {verdict.suggestion}"
            self.slips[slip if slip in self.slips or len(self.slips) < SLIPS_KEPT else OTHERS] += 1

    def kinds(self) -> dict[Kind, int]:
        """Rows by what to do with them."""
        return {kind: sum(n for key, n in self.verdicts.items() if key.startswith(f"{kind}/")) for kind in Kind}

    def reasons(self) -> dict[Reason, int]:
        """Rows by reason, whatever was done about it."""
        return {reason: sum(n for key, n in self.verdicts.items() if key.endswith(f"/{reason}")) for reason in Reason}

    def written(self) -> dict[str, Any]:
        """The tally as JSON has it."""
        return {
            "rows": self.rows,
            "verdicts": dict(self.verdicts),
            "segments": [dict(segment) for segment in self.segments],
            "slips": dict(self.slips),
            "providers": dict(self.providers),
        }


def read(content: dict[str, Any]) -> Tally:
    """The tally that `written` gave."""
    return Tally(
        rows=content["rows"],
        verdicts=Counter(content["verdicts"]),
        segments=[Counter(one) for one in content["segments"]],
        slips=Counter(content["slips"]),
        providers=Counter(content["providers"]),
    )


_PROVIDERS = frozenset(lists().providers)
