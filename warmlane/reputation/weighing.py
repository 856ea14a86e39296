"""What all zones together say of a subject: by a critical list, or by a quorum. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warmlane.reputation.answers import State
from warmlane.reputation.standing import Standing
from warmlane.reputation.zones import Means, Weight, Zone

POINTS = {Weight.CRITICAL: 4, Weight.HIGH: 2, Weight.MEDIUM: 1, Weight.LOW: 0}
"""Points of an operator's word. Our own, by what receivers are known to refuse by (docs/reputation.md)."""
ACTS = 4
"""Points from which listings may act: one critical list, two high ones, or one high and two medium ones."""


@dataclass(frozen=True)
class Weighed:
    """What is established of a subject."""

    operators: dict[str, bool]
    """By operator, whether it has it for a spammer's; no entry where that is not known."""
    points: int
    preflight: frozenset[str]
    """Names of lists that speak of policy or age."""

    @property
    def acts(self) -> bool:
        """Whether something may be done by itself."""
        return self.points >= ACTS


def weigh(table: Mapping[str, Zone], standings: Mapping[str, Standing]) -> Weighed:
    """Weighs the standings (by zone's id) of one subject. Two zones of one operator are one opinion."""
    operators = dict[str, bool]()
    points = dict[str, int]()
    silent = set[str]()
    for name, standing in standings.items():
        zone = table[name]
        spam = any(entry.means is Means.SPAM for entry in standing.confirmed)
        if spam:
            points[zone.operator] = max(points.get(zone.operator, 0), POINTS[zone.weight])
        elif not _cleared(standing):
            silent.add(zone.operator)
        operators[zone.operator] = operators.get(zone.operator, False) or spam
    known = {name: spam for name, spam in operators.items() if spam or name not in silent}
    preflight = frozenset(
        entry.name for each in standings.values() for entry in each.confirmed if entry.means is Means.PREFLIGHT
    )
    return Weighed(known, sum(points.values()), preflight)


def _cleared(standing: Standing) -> bool:
    """Whether a zone now says that no list of spammers' names the subject."""
    spam = any(entry.means is Means.SPAM for entry in standing.last)
    return standing.answered is not None and standing.state in (State.CLEAN, State.LISTED) and not spam
