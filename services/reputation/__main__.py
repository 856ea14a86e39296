"""`warmlane-reputation [CONFIG [KEYS [PORT]]]`: looks at blocklists, DNS and sources again and again, and shows it."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import waitress

from services.reputation import figures, mounts, sweep
from services.reputation.figures import Figures
from services.reputation.metrics import ReputationCollector
from services.reputation.page import pages
from services.reputation.records import DnsRecords
from services.reputation.sweep import Sweeps
from warmlane import names
from warmlane.recipients.resolver import DnsLookup, DnsServer

RETRY = 30.0
"""Seconds until mounts that could not be read are read again."""
JITTER = 0.1
"""Part of an interval by which it varies, so that nobody sees questions on the minute."""
LATE = 3.0
"""Intervals without an ended look after which the exporter calls itself ill."""


class Exporter:
    """The loops, and what they found."""

    def __init__(self, config: Path, keys: Path) -> None:
        """Raises MountError. Both are read again at each look, but the resolver stays."""
        self._config, self._keys = config, keys
        watched = mounts.read_config(config)
        servers = [DnsServer(str(watched.ask.resolver))] if watched.ask.resolver else []
        lookup = DnsLookup(servers)
        self._sweeps, self._records, self._figures = Sweeps(lookup), DnsRecords(lookup), Figures()
        self.collector = ReputationCollector(watched, self._sweeps, self._records, self._figures)
        self._ended = time.monotonic()

    def healthy(self) -> bool:
        """Whether a look ended lately."""
        return time.monotonic() - self._ended < LATE * sweep.EVERY

    async def run(self) -> None:
        """Looks until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_again(self._look, sweep.EVERY))
            tasks.create_task(_again(self._ask, figures.EVERY))

    async def _look(self) -> None:
        watched, keys = mounts.read_config(self._config), mounts.read_keys(self._keys)
        self.collector.watched = watched
        await asyncio.gather(self._sweeps.sweep(watched, keys), self._records.look(watched))
        self._ended = time.monotonic()
        for zone, answer in self._sweeps.zones.items():
            if answer.why:
                print(f"reputation: {zone}: {answer.state}: {answer.why}", flush=True)

    async def _ask(self) -> None:
        await self._figures.look(mounts.read_config(self._config), mounts.read_keys(self._keys))


async def _again(look: Callable[[], Awaitable[None]], every: float) -> None:
    while True:
        pause = every * random.uniform(1 - JITTER, 1 + JITTER)
        try:
            await look()
        except mounts.MountError as error:
            print(f"reputation: {error}", file=sys.stderr, flush=True)
            pause = RETRY
        await asyncio.sleep(pause)


async def serve(exporter: Exporter, port: int) -> None:
    """Runs until SIGTERM."""
    server = waitress.create_server(pages(exporter.collector, exporter.healthy), host="0.0.0.0", port=port, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    running = asyncio.ensure_future(exporter.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return
    finally:
        server.close()


def main(arguments: list[str]) -> int:
    """Returns the process' exit code."""
    config, keys, port = (
        *arguments,
        *(str(mounts.CONFIG), str(mounts.KEYS), str(names.METRICS_PORT))[len(arguments) :],
    )
    try:
        exporter = Exporter(Path(config), Path(keys))
    except mounts.MountError as error:
        print(f"reputation: {error}", file=sys.stderr)
        return 1
    asyncio.run(serve(exporter, int(port)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
