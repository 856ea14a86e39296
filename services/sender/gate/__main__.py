"""`warmlane-gate`: decides what Postfix may take and when it may leave, and serves what it counts."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
import time

from services.sender.gate import checkpoint, queues
from services.sender.gate.log_lines import parse
from services.sender.gate.metrics import SenderCollector, exposition
from services.sender.gate.sender import Sender
from services.sender.gate.server import server
from services.sender.gate.today import ConfigError, Deployed, parse_deployed
from services.sender.handover.service import Watch
from services.sender.handover.tally import HandoverCollector, Tally
from services.sender.log_follow import LogFollower
from services.sender.settings import CONFIG_FILE, LOG_DIRECTORY, MAIL_LOG, SPOOL

ADDRESS = ("0.0.0.0", 9100)
CHECKPOINT = LOG_DIRECTORY / "gate.json"
BUSY, IDLE = 0.05, 0.25
"""Seconds between two looks at log and queues, while mail is on its way and otherwise."""
COMPARED_EVERY = 5.0
"""Seconds between two looks at the mounted config."""
ANSWERS_FOR = 4.0
"""Seconds after SIGTERM in which admission answers; Postfix's container closes port 25 after 3."""
DRAINED_WITHIN = 25.0
"""Seconds for what is under way when the gate starts anew."""
POSTFIX_ENDS_WITHIN = 60.0
"""Seconds after SIGTERM, which both containers of a pod get: Postfix's needs half of that. After this time it is the
gate alone that was told to stop, and the queue stays where Postfix runs."""
STALLED_AFTER = 60.0
"""Seconds without a look at the log, or without an answer of the store in a look that goes on, after which the gate
calls itself unhealthy; the store counts as away after 8 s."""
LONGEST_LOOK = 900.0
"""Seconds after which it does whatever the store answers: with 5 s a statement a look takes some minutes."""


def say(text: str) -> None:
    """A line on standard output."""
    print(f"gate: {text}", flush=True)


def read_deployed() -> Deployed:
    """What the mounted config says. Raises ConfigError."""
    try:
        return parse_deployed(CONFIG_FILE.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{CONFIG_FILE} can't be read: {error}; the pod's template mounts it") from error


class Gate:
    """One process of the gate."""

    def __init__(self) -> None:
        saved = checkpoint.load(CHECKPOINT)
        self._counts, self._known_place = saved.counts, saved.position is not None
        self._follower = LogFollower(MAIL_LOG, saved.position)
        self._sender: Sender | None = None
        self._deployed: Deployed | None = None
        self._complaint = self._trouble = ""
        self._unsaved = False
        self._looked = time.monotonic()
        self._stop = asyncio.Event()
        self._told: float | None = None
        self._loop = asyncio.get_running_loop()
        self._exit = 0

    async def run(self) -> int:
        """Returns the exit code: 0 after SIGTERM or for a start anew, 1 when a listener of its own has ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._is_told)
        http = server(ADDRESS, self._metrics, self._healthy)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        say(f"serving metrics on port {ADDRESS[1]}")
        compared = -COMPARED_EVERY
        while not self._stop.is_set():
            if time.monotonic() - compared >= COMPARED_EVERY:
                await self._follow_config()
                compared = time.monotonic()
            busy = await self._look()
            self._looked = time.monotonic()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), BUSY if busy else IDLE)
        if self._sender:
            await self._end(self._sender)
        http.shutdown()
        self._follower.close()
        return self._exit

    def _is_told(self) -> None:
        if self._told is None:
            self._told = time.monotonic()
        self._stop.set()

    def _healthy(self) -> bool:
        return self._told is not None or self._goes_on(time.monotonic())

    def _goes_on(self, now: float) -> bool:
        """Whether the log was looked at of late, or a slow store is what the look waits for."""
        answered = self._sender.ledger.answered if self._sender else self._looked
        return now - max(self._looked, answered) < STALLED_AFTER and now - self._looked < LONGEST_LOOK

    async def _end(self, sender: Sender) -> None:
        """Lets what is under way end, and hands the queue over when the pod goes."""
        ended = await self._drained(sender)
        if self._told is not None and ended:
            await sender.handover.empty(self._told)
        elif self._told is not None:
            say("Postfix still runs, so this pod stays, and its queue")
        sender.handover.close()

    async def _drained(self, sender: Sender) -> bool:
        """Follows what is under way to its end, and answers Postfix until it has closed port 25; whether Postfix has
        ended, too."""
        sender.deliverer.drain()
        await sender.handover.stop_taking()
        postfix = Watch(SPOOL)
        began, busy, ended = time.monotonic(), True, False
        while not ended and time.monotonic() - began < self._patience(busy):
            busy = await self._look()
            await asyncio.sleep(BUSY)
            ended = self._told is not None and postfix.ended()
        await self._look()
        await sender.stop()
        return ended

    def _patience(self, busy: bool) -> float:
        if self._told is not None:
            return POSTFIX_ENDS_WITHIN
        return DRAINED_WITHIN if busy else ANSWERS_FOR

    async def _look(self) -> bool:
        """Looks at log and queues once; whether the next look should be soon.

        A disk that is full or fails releases nothing and books nothing, and never ends the gate: admission goes on.
        """
        try:
            self._read_log()
            busy = await self._sender.step() if self._sender else False
        except OSError as error:
            if str(error) != self._trouble:
                say(f"nothing is released: {error}; it is tried again")
            self._trouble = str(error)
            return False
        self._trouble = ""
        return busy

    def _read_log(self) -> None:
        read = 0
        for line in self._follower.lines():
            event = parse(line)
            self._counts.add(event)
            if self._sender:
                self._sender.deliverer.note(event, known_place=self._known_place)
            read += 1
        if not read:
            self._known_place = True
        self._unsaved = self._unsaved or read > 0
        if self._unsaved:
            # Before what was delivered is booked: a line that is read again would be booked twice.
            checkpoint.save(CHECKPOINT, checkpoint.Checkpoint(self._follower.position, self._counts))
            self._unsaved = False

    async def _follow_config(self) -> None:
        """Takes over the mounted config. What can't be used is told once; nothing is taken or released before."""
        try:
            deployed = read_deployed()
        except ConfigError as error:
            if str(error) != self._complaint:
                say(f"{error}; " + ("the config before still holds" if self._sender else "nothing passes until then"))
            self._complaint = str(error)
            return
        self._complaint = ""
        if deployed == self._deployed:
            return
        if self._sender is None:
            self._sender = await Sender.made(deployed, SPOOL, self._counts, say, self._listener_ended)
        elif not self._sender.takes_over(deployed):
            say("lane, campaign, day length or spool have changed: starting anew")
            self._stop.set()
        self._deployed = deployed

    def _listener_ended(self, text: str) -> None:
        """Called from the milter's thread."""
        say(text)
        self._exit = 1
        self._loop.call_soon_threadsafe(self._stop.set)

    def _metrics(self) -> bytes:
        release = self._sender.observed() if self._sender else None
        tally = self._sender.handover.tally if self._sender else Tally()
        sender = SenderCollector(lambda: self._counts, lambda: queues.sizes(SPOOL), lambda: release)
        return exposition(sender, HandoverCollector(lambda: tally))


async def main() -> int:
    """Runs until SIGTERM."""
    return await Gate().run()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
