"""How many messages a second the receivers take on one core: the default scenario, a connection for each message."""

from __future__ import annotations

import asyncio
import multiprocessing
import smtplib
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from bench.figures import Figure
from lab import settings
from lab.receivers import receipts
from lab.receivers.receipts import Receipt, Refusal
from lab.receivers.scenario import Scenario
from lab.receivers.world import World

MESSAGES = 2_000
MILLISECONDS_AT_MOST = 5.0
"""200 messages/s: several times what the lab's senders deliver together."""
PROVIDER = "gmail"
MESSAGE = "From: a@warmlane.test\r\nMessage-ID: <1@warmlane.test>\r\nSubject: Hello\r\n\r\n" + "Hello\r\n" * 300


def measure() -> list[Figure]:
    """Milliseconds of the receivers' processor time for each message; the client's process is not counted."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with tempfile.TemporaryDirectory() as directory:
        record = Path(directory) / "received.jsonl"
        receivers = context.Process(target=_receive, args=(there, record), daemon=True)
        receivers.start()
        address = here.recv()
        domains = settings.PROVIDERS[PROVIDER].domains
        for number in range(MESSAGES):
            with smtplib.SMTP(*address, local_hostname="amber.warmlane.test", timeout=30) as client:
                client.sendmail("a@warmlane.test", [f"r{number}@{domains[number % len(domains)]}"], MESSAGE)
        here.send("stop")
        spent = here.recv()
        receivers.join(10)
        taken = len(receipts.received(path=record))
    if taken != MESSAGES:
        raise RuntimeError(f"{taken} of {MESSAGES} messages were taken")
    name = f"message taken, on one core ({MESSAGES / spent:,.0f}/s)"
    return [Figure(name, spent / MESSAGES * 1e3, MILLISECONDS_AT_MOST, "ms")]


def _receive(pipe: Connection, record: Path) -> None:
    asyncio.run(_serve(pipe, record))


async def _serve(pipe: Connection, record: Path) -> None:
    def write(one: Receipt | Refusal) -> None:
        receipts.append(one, record)

    world = World({PROVIDER: settings.PROVIDERS[PROVIDER]}, {PROVIDER: ("127.0.0.1", 0)}, Scenario(), write)
    await world.follow()
    began = time.process_time()
    pipe.send(world.place(PROVIDER))
    await asyncio.to_thread(pipe.recv)
    pipe.send(time.process_time() - began)
    world.close()
