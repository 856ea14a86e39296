"""A campaign's standing: active, throttled, quarantined or retired, and how it moves between them.

The guardian only ever takes away, but for one way back: from a throttle, by a half-open probe, after a minimum dwell
that doubles when it had to throttle again soon. Quarantine ends by a person, retirement never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from warmlane.feedback.rules import Finding
from warmlane.feedback.signals import COUNTS_FRESH
from warmlane.hold import Level

THROTTLE_FACTOR = 0.25
PROBE_FACTOR = 0.5
"""Half-open: some mail shows whether the cause is gone; not all of it at once."""
DWELL_DAYS = 1.0
"""Sending days of calm before a throttle turns into a probe; our own figure, a day sees each hour's mail once."""
PROBE_DAYS = 0.5
PROBE_MAIL = 20
"""Messages that must have been settled during a probe, or it has shown nothing."""
MOST_DOUBLINGS = 3
COOL_DOWN_DAYS = 7.0
"""Sending days after a return in which another throttle doubles the dwell, and the warm-up does not advance."""
RANK = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign stands. Times are seconds since 1970 UTC, spans sending days."""

    level: Level = Level.NONE
    since: float = 0.0
    probing: bool = False
    lowest: bool = False
    """Whether it goes at the lowest allowance, as too many senders were to be stopped at once."""
    throttles: int = 0
    """Times in a row that it was throttled again soon after, or in, a probe."""
    calm: float = 0.0
    """Sending days of seen calm since it was throttled or the probe began; time without data does not count."""
    seen: float = 0.0
    """When everything was last known."""
    returned: float | None = None
    """When its last throttle ended."""
    mail: int = 0
    """Messages settled when the probe began."""

    @property
    def factor(self) -> float:
        """Part of today's limit that may be sent, 0 to 1."""
        if self.level is Level.THROTTLED:
            return PROBE_FACTOR if self.probing else THROTTLE_FACTOR
        return 1.0 if self.level is Level.NONE else 0.0

    @property
    def dwell(self) -> float:
        """Sending days of calm that the present throttle or probe takes."""
        return float((PROBE_DAYS if self.probing else DWELL_DAYS) * 2 ** min(self.throttles, MOST_DOUBLINGS))

    def cooling(self, now: float, day_length: int) -> bool:
        """Whether it has come back from a throttle only lately."""
        return self.returned is not None and now - self.returned < COOL_DOWN_DAYS * day_length

    def to_json(self) -> dict[str, Any]:
        """The standing as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Standing:
        """The standing that `to_json` gave."""
        return cls(**{**saved, "level": Level(saved["level"])})


def moved(
    standing: Standing, findings: Sequence[Finding], known: bool, mail: int, now: float, day_length: int
) -> tuple[Standing, Finding | None]:
    """The standing after a look, and what moved it (None: it stays).

    `known` says whether everything could be seen: what can't be seen neither stops nor calms. `mail` counts messages
    that were settled so far.
    """
    if standing.level in (Level.QUARANTINED, Level.RETIRED):
        return standing, None
    worst = max(findings, key=lambda each: RANK[each.level], default=None)
    if worst is not None and worst.level is Level.QUARANTINED:
        return Standing(Level.QUARANTINED, now, returned=standing.returned), worst
    if worst is not None and worst.level is Level.THROTTLED:
        if standing.level is Level.NONE:
            again = standing.throttles + 1 if standing.cooling(now, day_length) else 0
            return _throttled(standing, again, now), worst
        if standing.probing:
            return _throttled(standing, standing.throttles + 1, now), worst
    if standing.level is Level.NONE:
        return standing, None
    if not known:
        return standing, None
    if findings:
        return replace(standing, calm=0.0, seen=now), None
    passed = min(max(now - standing.seen, 0.0), COUNTS_FRESH)
    calmer = replace(standing, calm=standing.calm + passed / day_length, seen=now)
    if calmer.calm < standing.dwell:
        return calmer, None
    spent = {"calm days": round(calmer.calm, 3)}
    if not standing.probing:
        probe = replace(calmer, probing=True, lowest=False, calm=0.0, since=now, mail=mail)
        return probe, Finding("calm", Level.THROTTLED, spent, {"calm days": standing.dwell})
    if mail - standing.mail < PROBE_MAIL:
        return calmer, None
    back = Standing(since=now, throttles=standing.throttles, seen=now, returned=now)
    inputs = {**spent, "messages": mail - standing.mail}
    return back, Finding("probe-passed", Level.NONE, inputs, {"calm days": standing.dwell, "messages": PROBE_MAIL})


def _throttled(standing: Standing, throttles: int, now: float) -> Standing:
    return Standing(Level.THROTTLED, now, throttles=throttles, seen=now, returned=standing.returned)


def released(now: float) -> Standing:
    """After a person's release: throttled, so that the way back is the same half-open probe."""
    return Standing(Level.THROTTLED, now, seen=now)
