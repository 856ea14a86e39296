"""Receivers on loopback, in a thread of their own, and clients that talk to them."""

from __future__ import annotations

import asyncio
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab import settings
from lab.receivers import Receipt, Refusal, play, received, refused
from lab.receivers.receipts import append
from lab.receivers.scenario import Scenario, parse
from lab.receivers.world import ScenarioFile, World, keep

SENDER = "a@warmlane.test"
HELO = "amber.warmlane.test"
GMAIL = "reader@d000.gmail.test"


def message(number: int = 1, *, sender: str = SENDER, more: str = "") -> str:
    return f"From: {sender}\r\nMessage-ID: <{number}@warmlane.test>\r\n{more}Subject: Hello\r\n\r\nHello\r\n"


@dataclass
class Receivers:
    """The running providers, their records, and the file of their scenario."""

    directory: Path
    world: World = field(init=False)
    _stop: asyncio.Event = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _opened: threading.Event = field(default_factory=threading.Event, init=False)

    @property
    def scenario(self) -> Path:
        return self.directory / "scenario.yaml"

    @property
    def taken(self) -> Path:
        return self.directory / "scenario-taken.json"

    def run(self, played: Scenario) -> None:
        asyncio.run(self._run(played))

    async def _run(self, played: Scenario) -> None:
        places = dict.fromkeys(settings.PROVIDERS, ("127.0.0.1", 0))
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        self.world = World(settings.PROVIDERS, places, played, self._record)
        await self.world.follow()
        self._opened.set()
        file = ScenarioFile(self.scenario, self.taken)
        # The scenario of the test goes on until the test writes a file.
        file.seen = ""
        await keep(self.world, file, self._stop)

    def _record(self, record: Receipt | Refusal) -> None:
        append(record, self.directory / type(record).__name__)

    def wait_open(self) -> None:
        assert self._opened.wait(10), "the receivers did not open"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    def play(self, text: str) -> None:
        """Changes the scenario as a person does."""
        chosen = self.directory / "chosen.yaml"
        chosen.write_text(text)
        play(str(chosen), path=self.scenario, taken=self.taken)

    def connect(self, provider: str = "gmail", source: str = "127.0.0.1") -> smtplib.SMTP:
        """A session that was greeted. Raises SMTPConnectError for another greeting than 220."""
        host, port = self.world.place(provider)
        return smtplib.SMTP(host, port, local_hostname=HELO, timeout=10, source_address=(source, 0))

    def send(
        self, recipient: str = GMAIL, text: str | None = None, *, provider: str = "gmail", source: str = "127.0.0.1"
    ) -> str:
        """One message in a session of its own; the refusal, or empty."""
        try:
            with self.connect(provider, source) as client:
                client.sendmail(SENDER, [recipient], text or message())
        except smtplib.SMTPRecipientsRefused as refusal:
            code, reply = refusal.recipients[recipient]
        except smtplib.SMTPResponseException as refusal:
            code, reply = refusal.smtp_code, refusal.smtp_error
        else:
            return ""
        return f"{code} {reply.decode() if isinstance(reply, bytes) else reply}"

    def received(self) -> list[Receipt]:
        return received(path=self.directory / "Receipt")

    def refused(self) -> list[Refusal]:
        return refused(path=self.directory / "Refusal")


Start = Callable[[str], Receivers]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts receivers under the scenario of a text."""
    running = list[tuple[Receivers, threading.Thread]]()

    def started(text: str = "") -> Receivers:
        receivers = Receivers(tmp_path)
        thread = threading.Thread(target=receivers.run, args=(parse(text, "test.yaml"),), daemon=True)
        thread.start()
        running.append((receivers, thread))
        receivers.wait_open()
        return receivers

    yield started
    for receivers, thread in running:
        with suppress(RuntimeError):
            receivers.stop()
        thread.join(10)
        assert not thread.is_alive(), "the receivers did not end"


def eventually(holds: Callable[[], Any], seconds: float = 10) -> None:
    """Waits for a condition of the receivers. Fails when it never holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.02)
