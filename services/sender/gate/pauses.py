"""Domains whose servers could not be reached: none of their mail is tried before the pause is over."""

from __future__ import annotations

FIRST, LONGEST = 15.0, 900.0
"""Seconds; the pause doubles. A new pod's first connection can be lost on the way out (seen with Cilium's egress
gateway), so the first one is short."""


class Pauses:
    """In memory only: after a restart every domain is tried once more. Times are seconds since 1970 UTC."""

    def __init__(self) -> None:
        self._pauses: dict[str, tuple[float, float]] = {}

    def until(self, domain: str, now: float) -> float | None:
        """When the domain's pause ends; None when there is none now."""
        until = self._pauses.get(domain, (0.0, 0.0))[0]
        return until if now < until else None

    def failed(self, domain: str, now: float) -> None:
        """No server of the domain could be reached. Tries that were under way together make one pause."""
        until, length = self._pauses.get(domain, (0.0, 0.0))
        if now >= until:
            length = min(2 * length, LONGEST) if length else FIRST
            self._pauses[domain] = now + length, length

    def reached(self, domain: str) -> None:
        """A server of the domain answered."""
        self._pauses.pop(domain, None)
