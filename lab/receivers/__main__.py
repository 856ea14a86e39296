"""`python -m lab.receivers`: the MXes of PROVIDERS, and decoys at addresses that no sender may reach."""

from __future__ import annotations

import asyncio
import functools
import signal

from lab import settings
from lab.receivers import receipts
from lab.receivers.scenario import Scenario
from lab.receivers.world import ScenarioFile, World, keep, turn

MX_PORT = 25
WEB_PORTS = (80, 443)


def decoys() -> list[tuple[str, int]]:
    """Where a listener answers anybody: the positive controls of the packet tests."""
    addresses = [(str(address), port) for address in settings.DECOY_ADDRESSES for port in settings.DECOY_PORTS]
    return [*addresses, *((str(settings.OUTSIDE_HOST), port) for port in WEB_PORTS)]


async def greet(name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says who answers, and closes."""
    writer.write(f"warmlane decoy {name}\r\n".encode())
    try:
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    except ConnectionError:
        # The client left first: it has seen what it wanted.
        return


async def serve() -> None:
    """Listens until the process is told to end."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    settings.RECEIVED.touch()
    places = {name: (str(provider.address), MX_PORT) for name, provider in settings.PROVIDERS.items()}
    world = World(settings.PROVIDERS, places, Scenario(), receipts.append)
    settings.MX_AUTHORITY.write_bytes(world.authority.pem())
    file = ScenarioFile(settings.SCENARIO, settings.SCENARIO_TAKEN)
    await turn(world, file)
    for host, port in decoys():
        await asyncio.start_server(functools.partial(greet, f"{host}:{port}"), host, port)
    await keep(world, file, stop)


if __name__ == "__main__":
    asyncio.run(serve())
