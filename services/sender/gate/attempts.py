"""Messages on their way out: which are being tried now, and how each try ended.

A try is over when its file has left `incoming` and `active`; by then its session is closed. How it ended is told by the
mail log, in a line before or shortly after.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.sender.gate.backoff import Tried
from services.sender.gate.log_lines import Contacted, Delivery, Event, Outcome
from services.sender.gate.spool import Spool
from services.store.pacer import Token

UNTOLD = 10.0
"""Seconds after which a try that the log does not tell about counts as one that reached a receiver."""


@dataclass
class Attempt:
    """One try to deliver a message."""

    queue_id: str
    domain: str
    provider: str | None
    """None for a try that an earlier gate began: it counts against every provider."""
    token: Token | None
    tried: Tried = field(default_factory=Tried)
    """What was tried before this."""
    contacted: bool = False
    """Whether a receiver was connected to."""
    outcome: Outcome | None = None
    gone: float | None = None
    """When its file was found to have left, in seconds of a monotonic clock."""


class Attempts:
    """The tries under way, by queue id."""

    def __init__(self) -> None:
        self._attempts: dict[str, Attempt] = {}

    def __contains__(self, queue_id: object) -> bool:
        return queue_id in self._attempts

    def begin(self, attempt: Attempt) -> None:
        """A message is about to be released."""
        self._attempts[attempt.queue_id] = attempt

    def get(self, queue_id: str) -> Attempt | None:
        """The try of a message."""
        return self._attempts.get(queue_id)

    def forget(self, queue_id: str) -> None:
        """A message that was not released after all, or was taken back."""
        self._attempts.pop(queue_id, None)

    def adopt(self, spool: Spool) -> None:
        """Takes over what an earlier gate released and Postfix is working on."""
        for file in spool.files("active"):
            self.begin(Attempt(file.queue_id, "", None, None))

    def under_way(self, provider: str) -> int:
        """Sessions that may be open at a provider."""
        return sum(each.gone is None and each.provider in (provider, None) for each in self._attempts.values())

    def unsettled(self, whose: str) -> bool:
        """Whether a try at a provider or a domain has not ended, or is not told yet."""
        return any(whose in (each.provider, each.domain) for each in self._attempts.values())

    def released(self) -> list[str]:
        """Queue ids of what has not ended."""
        return [each.queue_id for each in self._attempts.values() if each.gone is None]

    def note(self, event: Event | None) -> Attempt | None:
        """Takes an event of the mail log in; returns the try that a delivery belongs to."""
        match event:
            case Contacted() if event.queue_id in self._attempts:
                self._attempts[event.queue_id].contacted = True
            case Delivery() if event.queue_id in self._attempts:
                attempt = self._attempts[event.queue_id]
                attempt.outcome = event.outcome
                attempt.contacted = attempt.contacted or event.relay_host is not None
                return attempt
            case _:
                pass
        return None

    def settle(self, spool: Spool, now: float) -> list[Attempt]:
        """Tries that have ended since the last call and are told; `now` in seconds of a monotonic clock."""
        ended = []
        for attempt in list(self._attempts.values()):
            # In this order, as a file moves from `incoming` to `active` in between.
            incoming = spool.has("incoming", attempt.queue_id)
            if attempt.gone is None and not incoming and not spool.has("active", attempt.queue_id):
                attempt.gone = now
            if incoming and attempt.outcome is not None:
                # qmgr was reloaded during the try, and would make another one by itself.
                attempt.gone = now
            if attempt.gone is None:
                continue
            if attempt.outcome is None and now - attempt.gone >= UNTOLD:
                attempt.contacted = True
            elif attempt.outcome is None:
                continue
            ended.append(self._attempts.pop(attempt.queue_id))
        return ended
