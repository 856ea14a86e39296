"""What the sources say, asked a few times a day."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from services.reputation.mounts import Keys
from services.reputation.sources.postmaster import Postmaster
from services.reputation.sources.snds import Snds
from services.reputation.sources.source import Outcome, Report, Source, SourceError
from warmlane.reputation.config import Watched
from warmlane.reputation.zones import Kind

EVERY = 6 * 3_600.0
"""Seconds between two looks: the figures are of whole days."""
MAKERS: Mapping[str, tuple[Kind, Callable[[str], Source]]] = {
    Postmaster.name: (Postmaster.kind, Postmaster),
    Snds.name: (Snds.kind, Snds),
}
"""By name of a source and of its credentials' file, what it is asked about and what makes it."""


def _today() -> date:
    return datetime.now(UTC).date()


class Figures:
    """The newest report of each source that is configured, by source and subject."""

    def __init__(
        self, makers: Mapping[str, tuple[Kind, Callable[[str], Source]]] = MAKERS, today: Callable[[], date] = _today
    ) -> None:
        self._makers, self._today = makers, today
        self.reports = dict[str, dict[str, Report]]()

    async def look(self, watched: Watched, keys: Keys) -> None:
        """Asks them one after the other; none keeps another from being asked."""
        wanted = {Postmaster.name: watched.ask.postmaster, Snds.name: watched.ask.snds}
        self.reports = {name: reports for name, reports in self.reports.items() if wanted.get(name)}
        subjects = {
            Kind.ADDRESS: sorted(str(lane.address) for lane in watched.lanes.values()),
            Kind.DOMAIN: sorted(set(watched.domains.values())),
        }
        for name, (kind, make) in self._makers.items():
            if wanted[name]:
                self.reports[name] = await self._one(name, make, keys.get(name), subjects[kind])

    async def _one(
        self, name: str, make: Callable[[str], Source], key: str | None, subjects: list[str]
    ) -> dict[str, Report]:
        try:
            if key is None:
                raise SourceError(Outcome.DENIED, "its credentials are not mounted")
            try:
                source = make(key)
            except ValueError as error:
                raise SourceError(Outcome.DENIED, f"its credentials: {error}") from None
            return await asyncio.to_thread(source.read, subjects, self._today())
        except SourceError as error:
            print(f"reputation: {name}: {error}", file=sys.stderr, flush=True)
            return dict.fromkeys(subjects, Report(error.outcome))
