"""What several answers of a zone establish about a subject: one alone neither lists nor clears. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from warmlane.reputation.answers import KNOWN, Answer, State
from warmlane.reputation.zones import Entry

APART = 60.0
"""The least seconds between two answers that count as two."""
LONGEST_TTL = 3_600.0
"""The most seconds for which an answer is taken to lie in a resolver's cache."""
TOGETHER = 7_200.0
"""Seconds after which an answer is too old to be confirmed by the next one."""


@dataclass(frozen=True)
class Standing:
    """What is known of a subject in a zone. Times are seconds since 1970 UTC."""

    state: State = State.UNKNOWN
    """By the newest question, whatever came of it."""
    confirmed: frozenset[Entry] = frozenset()
    """Lists that two answers in a row named, until two answers in a row no longer do."""
    last: frozenset[Entry] = frozenset()
    """Lists that the last answer named."""
    answered: float | None = None
    """When the zone last said listed or clean, and it counted."""
    cached: float = 0
    """Until when a resolver may have repeated that answer, which is then no second one."""
    why: str = "not asked yet."

    def after(self, answer: Answer, now: float) -> Standing:
        """What holds after an answer. One that says neither leaves all but the state as it was."""
        if answer.state not in KNOWN:
            return replace(self, state=answer.state, why=answer.why)
        if now < self.cached:
            return replace(self, state=answer.state, why="")
        confirmed = self.confirmed
        if self.answered is not None and now - self.answered <= TOGETHER:
            confirmed = (self.last & answer.entries) | (self.confirmed & (self.last | answer.entries))
        cached = now + max(APART, min(answer.ttl, LONGEST_TTL))
        return Standing(answer.state, confirmed, answer.entries, now, cached, "")
