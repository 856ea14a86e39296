"""The first process of the `email-sender` container: starts Postfix, follows its mounted files, stops it in order."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from types import FrameType

from services.sender import settings as mounted
from services.sender.gate.queues import sizes
from services.sender.log_follow import LogFollower, end_of
from services.sender.postfix import drain, install
from services.sender.settings import MAIL_LOG, SPOOL, Credentials, Settings, SettingsError

LOOK_EVERY = 0.5
"""Seconds between two looks at the log and at Postfix."""
COMPARE_EVERY = 5.0
"""Seconds between two looks at the mounted files."""
ROTATE_AT = 16 * 1024 * 1024
"""Bytes of mail.log; with ROTATED_KEPT files the volume holds at most 64 MiB of log."""
ROTATED_KEPT = 3
LEAVE_SECONDS = 3.0
"""Seconds after SIGTERM in which port 25 stays open, until the Service no longer sends producers here."""
DRAIN_SECONDS = 20.0
"""Seconds for mail on its way after that. With Postfix' own stop (5 s) all fits into the pod's grace period (45 s)."""


def say(text: str) -> None:
    """A line of our own among Postfix' lines on standard output."""
    print(f"warmlane-postfix: {text}", flush=True)


_SAID_TOO_EARLY = re.compile(r"(improper command pipelining after \S+ from \S+: ).*")


def shown(line: str) -> str:
    """A line of the mail log as the container's output shows it.

    Postfix quotes what a producer sends before its turn, and that may be AUTH with the password (seen in 3.7.11).
    """
    return _SAID_TOO_EARLY.sub(r"\1(not shown)", line)


class Supervisor:
    """Runs Postfix until SIGTERM or until Postfix ends by itself."""

    def __init__(self) -> None:
        self._settings, self._credentials = mounted.read()
        self._postfix: subprocess.Popen[bytes] | None = None
        self._exit: int | None = None
        self._log = LogFollower(MAIL_LOG, end_of(MAIL_LOG))
        self._owner = install.owner().pw_uid
        self._stopping = False
        self._complaint = ""

    def run(self) -> int:
        """Returns the container's exit code: 0 after SIGTERM, 1 if Postfix ended by itself."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        install.directories()
        install.exports()
        install.certificate(self._settings.hostname)
        install.sasl_database(self._settings, self._credentials)
        install.configuration(self._settings, self._credentials)
        install.held()
        self._postfix = subprocess.Popen(["postfix", "start-fg"], stdin=subprocess.DEVNULL)
        say(f"sending for {self._settings.campaign} as {self._settings.hostname}")
        compared = time.monotonic()
        while not self._stopping and self._exit is None:
            time.sleep(LOOK_EVERY)
            self._forward()
            self._reap()
            self._rotate()
            if time.monotonic() - compared >= COMPARE_EVERY:
                self._follow_mounts()
                compared = time.monotonic()
        if self._exit is None:
            self._stop()
            return 0
        self._forward()
        say(f"Postfix ended by itself with code {self._exit}")
        return 1

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _forward(self) -> None:
        for line in self._log.lines():
            sys.stdout.write(shown(line) + "\n")
        sys.stdout.flush()

    def _reap(self) -> None:
        """Takes in every child that has ended: as process 1 this one also inherits the orphans of others."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self._postfix and pid == self._postfix.pid:
                self._exit = os.waitstatus_to_exitcode(status)

    def _rotate(self) -> None:
        """Keeps the log bounded, and readable for the gate: a new log is root's and root's alone (seen in 3.7.11)."""
        try:
            log = MAIL_LOG.stat()
        except FileNotFoundError:
            return
        if log.st_uid != self._owner:
            os.chown(MAIL_LOG, self._owner, -1)
        if log.st_size < ROTATE_AT:
            return
        subprocess.run(["postfix", "logrotate"], check=False)
        rotated = sorted(MAIL_LOG.parent.glob(MAIL_LOG.name + ".*"))
        for old in rotated[:-ROTATED_KEPT]:
            old.unlink()

    def _follow_mounts(self) -> None:
        """Takes over changed files. What can't be used is told once and changes nothing."""
        try:
            read: tuple[Settings, Credentials] = mounted.read()
        except SettingsError as error:
            if str(error) != self._complaint:
                say(f"the mounted files are not taken over: {error}")
            self._complaint = str(error)
            return
        self._complaint = ""
        if read == (self._settings, self._credentials):
            return
        self._settings, self._credentials = read
        install.sasl_database(self._settings, self._credentials)
        install.configuration(self._settings, self._credentials)
        subprocess.run(["postfix", "reload"], check=False)
        say("the mounted files have changed; Postfix has reloaded")

    def _stop(self) -> None:
        """Closes port 25, waits for what is on its way, stops Postfix. What waits for its token stays where it is."""
        time.sleep(LEAVE_SECONDS)
        say("stopping: no new mail; what is on its way may end")
        install.configuration(self._settings, self._credentials, draining=True)
        subprocess.run(["postfix", "reload"], check=False)

        def look() -> dict[str, int]:
            self._forward()
            return sizes(SPOOL)

        drained = drain.wait(look, time.monotonic, time.sleep, DRAIN_SECONDS)
        subprocess.run(["postfix", "stop"], check=False)
        self._forward()
        left = sum(sizes(SPOOL).values())
        say(f"stopped; {left} messages stay in the queue" + ("" if drained else ", some were still on their way"))
