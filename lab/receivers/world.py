"""All mailbox providers under one scenario: their MXes, their listeners, and the file that says which scenario."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.receivers import scenario as scenarios
from lab.receivers.certificates import Authority
from lab.receivers.mx import Mx, Record
from lab.receivers.scenario import Scenario
from lab.receivers.traffic import Traffic
from lab.settings import MailboxProvider
from warmlane.errors import ConfigError

LOOK = 0.1
"""Seconds between looks at the clock, for outages, and at the scenario's file."""
Place = tuple[str, int]
"""A host and a port to listen on."""


@dataclass
class Listener:
    """An MX' listening socket, which is closed while an outage refuses connections."""

    mx: Mx
    place: Place
    _server: asyncio.Server | None = field(default=None, init=False)

    async def follow(self, now: float) -> None:
        """Opens or closes it as the provider's traffic says. Raises OSError where the place is taken."""
        wanted = self.mx.traffic.listens(now)
        if wanted and self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self.mx.session, *self.place, backlog=1024)
            # A port that the kernel chose stays the same after an outage.
            self.place = self._server.sockets[0].getsockname()[:2]
        elif not wanted and self._server is not None:
            self.close()
            self.mx.break_off()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


class World:
    """The providers of one process. `record` is given every receipt and refusal."""

    def __init__(
        self, providers: Mapping[str, MailboxProvider], places: Mapping[str, Place], played: Scenario, record: Record
    ) -> None:
        self.authority = Authority()
        self._mxes = {name: Mx(name, provider, record) for name, provider in providers.items()}
        self._listeners = {name: Listener(mx, places[name]) for name, mx in self._mxes.items()}
        self.play(played)

    def play(self, played: Scenario) -> None:
        """Takes a scenario up: counts and greylists begin empty, open sessions go on under it."""
        now = time.time()
        for name, mx in self._mxes.items():
            behaviour = played.providers.of(name)
            starttls = behaviour.starttls
            mx.play(
                Traffic(behaviour, mx.provider.domains, played.day_length, now),
                self.authority.context(starttls.certificate, mx.provider.mx) if starttls else None,
            )

    async def follow(self) -> None:
        """Brings every listener to what its provider does now."""
        now = time.time()
        for listener in self._listeners.values():
            await listener.follow(now)

    def place(self, name: str) -> Place:
        """Where a provider listens."""
        return self._listeners[name].place

    def close(self) -> None:
        """Ends the listeners and cuts the sessions."""
        for listener in self._listeners.values():
            listener.close()
            listener.mx.break_off()


@dataclass
class ScenarioFile:
    """The file that says which scenario is played, and the answer beside it: what became of its last version.

    `seen` is the version that was looked at last (`fingerprint`).
    """

    path: Path
    taken: Path
    seen: str | None = None

    def changed(self) -> Scenario | None:
        """The scenario of a version not seen before. One that can't be used is told, and the last one goes on."""
        version = fingerprint(self.path)
        if version == self.seen:
            return None
        self.seen = version
        try:
            found = scenarios.current(self.path)
        except ConfigError as error:
            print(f"{error}\nthe scenario before it goes on", file=sys.stderr, flush=True)
            self._answer(version, str(error))
            return None
        self._answer(version, "")
        return found

    def _answer(self, version: str, problem: str) -> None:
        prepared = self.taken.with_suffix(".new")
        prepared.write_text(json.dumps({"version": version, "problem": problem}) + "\n")
        prepared.replace(self.taken)


def fingerprint(path: Path) -> str:
    """What tells one version of the scenario's file from the next, also one with the same text; empty without one."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return ""
    return f"{status.st_mtime_ns}-{status.st_ino}"


async def keep(world: World, file: ScenarioFile, stop: asyncio.Event) -> None:
    """Follows the clock and the scenario's file until `stop`, then closes the world."""
    while not stop.is_set():
        await turn(world, file)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK)
    world.close()


async def turn(world: World, file: ScenarioFile) -> None:
    """One look at the scenario's file and at the clock. Raises OSError where a place to listen on is taken."""
    found = file.changed()
    if found is not None:
        world.play(found)
    await world.follow()
