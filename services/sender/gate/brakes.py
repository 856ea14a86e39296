"""Providers that keep telling this lane to slow down: nothing is sent there for a while, then one message, then all.

What counts are answers for now whose class says so (`warmlane.returns.replies`): a rate, a reputation, a policy, an
authentication that failed. Greylisting, a full mailbox or a server in trouble are no such answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.sender.gate.log_lines import Delivery, Outcome
from warmlane.providers import PROVIDERS
from warmlane.returns.replies import ReplyClass, classify

FIRST, LONGEST = 1800.0, 4 * 3600.0
"""Seconds; a pause doubles while the one message after it is refused, too. Yahoo asks for some 4 h after 421 4.7.0
[TSS04] (senders.yahooinc.com/smtp-error-codes, 2026-11); no other provider names a time."""
REFUSALS = 3
"""Refusals, less what was taken meanwhile, after which a pause begins: one refusal is that of one message or server."""
SLOWER = frozenset({ReplyClass.RATE_LIMITED, ReplyClass.SPAM, ReplyClass.POLICY, ReplyClass.AUTHENTICATION})
"""Classes by which a receiver tells the sender, and not one message, to wait."""


def slows_down(event: Delivery, provider: str) -> bool:
    """Whether an attempt ended in 421 or an enhanced status 4.7.x of such a class."""
    if event.outcome is not Outcome.DEFERRED or not (event.code == 421 or event.status.startswith("4.7.")):
        return False
    return classify(provider, event.code, event.status, event.reply) in SLOWER


def held_together(provider: str, domain: str) -> str:
    """Whose mail waits together: a provider's, or a domain's where the provider is none of the known ones."""
    return domain if provider == "other" else provider


@dataclass
class _Brake:
    refusals: int = 0
    length: float = 0.0
    """Seconds of the last pause; 0 while there was none."""
    until: float = 0.0


class Brakes:
    """In memory only, each replica's own: after a restart REFUSALS messages find out again. Times are seconds since
    1970 UTC; `whose` is what `held_together` says."""

    def __init__(self) -> None:
        self._brakes: dict[str, _Brake] = {}

    def pauses(self, now: float) -> dict[str, int]:
        """Pauses by provider."""
        counts = dict.fromkeys(PROVIDERS, 0)
        for whose in self._brakes:
            if self.paused(whose, now) is not None:
                counts[whose if whose in counts else "other"] += 1
        return counts

    def paused(self, whose: str, now: float) -> float | None:
        """When the pause ends; None when there is none now."""
        brake = self._brakes.get(whose)
        return brake.until if brake and now < brake.until <= now + LONGEST else None

    def one_at_a_time(self, whose: str) -> bool:
        """Whether a pause is over and no message has been taken since."""
        brake = self._brakes.get(whose)
        return brake is not None and brake.length > 0

    def refused(self, whose: str, now: float) -> None:
        """A message was told to wait. Those that were under way together make one pause."""
        brake = self._brakes.setdefault(whose, _Brake())
        if self.paused(whose, now) is not None:
            return
        brake.refusals += 1
        if brake.length or brake.refusals >= REFUSALS:
            brake.length = min(2 * brake.length, LONGEST) if brake.length else FIRST
            brake.until = now + brake.length

    def taken(self, whose: str, now: float) -> None:
        """A message was taken. What was under way when a pause began does not end it."""
        brake = self._brakes.get(whose)
        if brake is None or self.paused(whose, now) is not None:
            return
        brake.refusals -= 1
        if brake.length or brake.refusals <= 0:
            del self._brakes[whose]
