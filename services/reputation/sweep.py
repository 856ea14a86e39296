"""One look at every blocklist: its test points first, then each address and domain, within its budget."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from services.reputation.mounts import Keys
from warmlane.recipients.route import Records
from warmlane.reputation.answers import Answer, State, health, judge
from warmlane.reputation.config import Watched
from warmlane.reputation.standing import Standing
from warmlane.reputation.zones import Kind, Zone, zones

EVERY = 900.0
"""Seconds between two sweeps."""
AT_ONCE = 4
"""Questions to one zone at the same time."""
GIVE_UP = 8
"""Questions without an answer, in one sweep, after which a zone is left alone until the next one."""
TEST_POINTS = 2


class Addresses(Protocol):
    """DNS as a sweep needs it: `warmlane.recipients.resolver.DnsLookup`."""

    async def ipv4(self, host: str) -> Records:
        """A name's A records; what goes wrong is UNKNOWN."""


class Sweeps:
    """What all zones have said so far. Subjects are addresses and domains as text."""

    def __init__(self, lookup: Addresses, clock: Callable[[], float] = time.time) -> None:
        self._lookup, self._clock = lookup, clock
        self.standings = dict[str, dict[str, Standing]]()
        """By zone and subject."""
        self.zones = dict[str, Answer]()
        """By zone, its own state: CLEAN means that its word counts."""
        self.asked = Counter[str]()
        """Questions by zone."""
        self.left_out = dict[str, int]()
        """Subjects that the last sweep did not ask a zone about, to keep within its budget."""
        self.ended: float | None = None

    async def sweep(self, watched: Watched, keys: Keys) -> None:
        """Asks every zone that is configured. Zones do not wait for one another."""
        subjects = {
            Kind.ADDRESS: sorted(str(lane.address) for lane in watched.lanes.values()),
            Kind.DOMAIN: sorted(set(watched.domains.values())),
        }
        for kept in (self.standings, self.zones, self.left_out):
            for name in set(kept) - set(watched.ask.zones):
                del kept[name]
        share = int(watched.ask.queries_per_day * EVERY / 86_400)
        async with asyncio.TaskGroup() as tasks:
            for name in watched.ask.zones:
                zone = zones()[name]
                suffix = watched.ask.suffixes.get(name)
                tasks.create_task(self._zone(name, zone, suffix, keys.get(zone.operator), subjects[zone.kind], share))
        self.ended = self._clock()

    async def _zone(
        self, name: str, zone: Zone, suffix: str | None, key: str | None, subjects: Sequence[str], share: int
    ) -> None:
        before = self.standings.get(name, {})
        standings = {subject: before.get(subject, Standing()) for subject in subjects}
        self.standings[name] = standings
        self.left_out[name] = 0

        async def asked(subject: str) -> Answer:
            try:
                question = zone.question(subject, key, suffix)
            except ValueError as error:
                return Answer(State.UNKNOWN, why=f"{error}.")
            self.asked[name] += 1
            return judge(zone, await self._lookup.ipv4(question))

        state = health(await asked(zone.listed), await asked(zone.clean))
        self.zones[name] = state
        if state.state is not State.CLEAN:
            for subject, standing in standings.items():
                standings[subject] = standing.after(Answer(state.state, why=state.why), self._clock())
            return
        oldest_first = sorted(subjects, key=lambda subject: standings[subject].answered or 0)
        chosen = oldest_first[: max(share - TEST_POINTS, 1)]
        self.left_out[name] = len(subjects) - len(chosen)
        silent, at_once = 0, asyncio.Semaphore(AT_ONCE)

        async def look(subject: str) -> None:
            nonlocal silent
            async with at_once:
                answer = Answer(State.UNKNOWN, why="the zone did not answer enough.") if silent >= GIVE_UP else None
                answer = answer or await asked(subject)
            silent += answer.state is State.UNKNOWN
            standings[subject] = standings[subject].after(answer, self._clock())

        await asyncio.gather(*map(look, chosen))
