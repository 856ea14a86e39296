"""When the guardian looks: every few seconds and when it is given a hint, as long as the Lease is its own."""

from __future__ import annotations

import time
from threading import Event

from services.guardian.guardian import Guardian
from services.guardian.kubernetes import Away, Refused
from services.guardian.lease import Leader
from services.guardian.memory import Overtaken
from services.guardian.metrics import Metrics
from services.store.database import StoreUnavailable

EVERY = 5.0
"""Seconds between two looks."""
LEAST = 1.0
"""Seconds between two looks at least, however many hints there are."""
STUCK = 60.0
"""Seconds without a turn of the loop after which the kubelet may start it anew."""


class Loop:
    """The process' one worker."""

    def __init__(self, guardian: Guardian, leader: Leader, metrics: Metrics, hint: Event) -> None:
        self._guardian, self._leader, self._metrics, self._hint = guardian, leader, metrics, hint
        self._turned = time.monotonic()

    def healthy(self) -> bool:
        """Whether the loop turns; what it talks to is not its health, and starting anew would not help."""
        return time.monotonic() - self._turned < STUCK

    def run(self, stop: Event) -> None:
        """Turns until it is told to end, and gives the Lease back."""
        while not stop.is_set():
            behind = self.turn()
            if not behind and not stop.wait(LEAST):
                self._hint.wait(EVERY - LEAST)
            self._hint.clear()
        try:
            self._leader.release()
        except (Refused, Away) as error:
            _tell(f"the Lease was not given back, and ends by itself: {error}")

    def turn(self) -> bool:
        """One turn; whether there is more of the past to read."""
        try:
            if not self._leader.renew(time.monotonic()):
                return False
            cycle = self._guardian.look(time.time())
        except (Refused, Away, StoreUnavailable, Overtaken) as error:
            self._metrics.failed()
            _tell(str(error))
            return False
        finally:
            self._turned = time.monotonic()
        self._metrics.told(cycle, time.time())
        for decision in cycle.decisions:
            print(decision.text(), flush=True)
        for problem in cycle.problems:
            _tell(problem)
        return cycle.behind


def _tell(what: str) -> None:
    print(f"guardian: {what}", flush=True)
