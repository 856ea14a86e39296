"""`warmlane-intake DIRECTORY [SPOOL]`: takes what comes back until it is told to end.

DIRECTORY holds `intake.json`, `return_keys.json`, `store_url`, and for STARTTLS `tls.crt` and `tls.key`.
"""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
import threading
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server

from services.intake.counts import Counts
from services.intake.metrics import IntakeCollector
from services.intake.server import Door
from services.intake.settings import MountedKeys, SettingsError, parse_settings
from services.intake.spool import Spool
from services.intake.worker import Worker
from services.store.database import database

SPOOL = Path("/var/spool/warmlane-intake")


class Intake:
    """One process. A spool has one at a time."""

    def __init__(self, directory: Path, spool: Path) -> None:
        """Raises SettingsError."""
        try:
            settings = parse_settings((directory / "intake.json").read_text())
            self._engine = database((directory / "store_url").read_text().strip(), connections=2)
            self._spool = Spool(spool, settings.limits.spool_octets)
            context = _tls(directory)
        except (OSError, ValueError) as error:
            raise SettingsError(f"{directory} or {spool} can't be used: {error}") from error
        self._settings = settings
        keys = MountedKeys(directory / "return_keys.json")
        counts = Counts()
        self._door = Door(settings, keys, self._spool, counts, context)
        self._worker = Worker(self._spool, self._engine, keys, counts)
        self._registry = CollectorRegistry()
        self._registry.register(IntakeCollector(counts, self._spool, self._worker))

    async def run(self) -> int:
        """Returns the exit code: 0 after SIGTERM, 1 when the worker has ended by itself."""
        stop, ended = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)

        def work() -> None:
            try:
                self._worker.run(ended)
            finally:
                loop.call_soon_threadsafe(stop.set)

        worker = threading.Thread(target=work, name="worker")
        # It answers every path, also the kubelet's: without its worker the process ends.
        http, _ = start_http_server(self._settings.metrics_port, self._settings.address, self._registry)
        worker.start()
        server = await self._door.serve(self._settings.address, self._settings.port)
        ports = server.sockets[0].getsockname()[1], http.server_port
        print(f"intake: taking mail on port {ports[0]}, metrics on port {ports[1]}", flush=True)
        async with server:
            await stop.wait()
        told = worker.is_alive()
        ended.set()
        self._spool.arrived.set()
        await asyncio.to_thread(worker.join)
        self._door.close()
        http.shutdown()
        self._engine.dispose()
        return 0 if told else 1


def _tls(directory: Path) -> ssl.SSLContext | None:
    if not (directory / "tls.crt").exists():
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    return context


def main(arguments: list[str]) -> int:
    """Returns the process' exit code."""
    if not 1 <= len(arguments) <= 2:
        print("usage: warmlane-intake DIRECTORY [SPOOL]", file=sys.stderr)
        return 2
    try:
        intake = Intake(Path(arguments[0]), Path(arguments[1]) if len(arguments) == 2 else SPOOL)
    except SettingsError as error:
        print(f"intake: {error}", file=sys.stderr)
        return 1
    return asyncio.run(intake.run())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
