"""When the guardian looks: only with the Lease, at once after a hint, and again after whatever failed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from prometheus_client import generate_latest

from services.guardian import loop as module
from services.guardian.guardian import Cycle, Guardian
from services.guardian.kubernetes import Away, Refused
from services.guardian.lease import Leader
from services.guardian.loop import Loop
from services.guardian.memory import Overtaken
from services.guardian.metrics import Metrics
from services.store.database import StoreUnavailable
from warmlane.feedback.decision import Decision
from warmlane.hold import Level


class Parts:
    """A loop whose guardian and leader do as the test says."""

    def __init__(self, look: Callable[[int], Cycle] = lambda _: Cycle(), leads: bool = True) -> None:
        self.looks, self.released = 0, False
        self.looked = threading.Semaphore(0)
        self._look, self._leads = look, leads
        self.hint, self.stop = threading.Event(), threading.Event()
        self.metrics = Metrics(lambda: leads)
        self.loop = Loop(cast(Guardian, self), cast(Leader, self), self.metrics, self.hint)

    def look(self, _now: float) -> Cycle:
        self.looks += 1
        self.looked.release()
        return self._look(self.looks)

    def renew(self, _now: float) -> bool:
        return self._leads

    def release(self) -> None:
        self.released = True

    def value(self, sample: str) -> float:
        lines = generate_latest(self.metrics.registry).decode().splitlines()
        return float(next(line.split()[-1] for line in lines if line.startswith(f"{sample} ")))


def test_one_that_does_not_lead_looks_at_nothing() -> None:
    parts = Parts(leads=False)
    assert not parts.loop.turn()
    assert parts.looks == 0 and parts.loop.healthy() and parts.value("guardian_leader") == 0


@pytest.mark.parametrize(
    "error",
    [Away("away"), Refused(403, "no"), StoreUnavailable("gone"), Overtaken("late")],
    ids=lambda e: type(e).__name__,
)
def test_what_failed_is_tried_again(error: Exception) -> None:
    def look(number: int) -> Cycle:
        if number == 1:
            raise error
        return Cycle()

    parts = Parts(look)
    parts.loop.turn()
    parts.loop.turn()
    assert parts.looks == 2
    assert parts.value("guardian_problems_total") == 1 and parts.value("guardian_cycles_total") == 1


def test_a_cycle_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    decision = Decision("sale", 1.0, "hard-bounces", "none", "quarantined", page=True)
    done = Cycle(
        [decision], [("sale", "record"), ("sale", "mirror")], ["a problem"], [Level.QUARANTINED, Level.NONE], True
    )
    parts = Parts(lambda _: done)
    assert parts.loop.turn(), "there is more of the past to read"
    assert capsys.readouterr().out.splitlines() == [decision.text(), "guardian: a problem"]
    assert parts.value('guardian_decisions_total{page="yes"}') == 1
    assert parts.value('guardian_holds_written_total{part="mirror"}') == 1
    assert parts.value('guardian_campaigns{level="quarantined"}') == 1
    assert parts.value('guardian_campaigns{level="throttled"}') == 0


def test_a_hint_is_followed_and_an_end_gives_the_lease_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times: dict[str, Any] = {"EVERY": 3_600.0, "LEAST": 0.05}
    for name, value in times.items():
        monkeypatch.setattr(module, name, value)
    parts = Parts()
    thread = threading.Thread(target=parts.loop.run, args=[parts.stop])
    thread.start()
    assert parts.looked.acquire(timeout=10)
    parts.hint.set()
    assert parts.looked.acquire(timeout=10), "without the hint the next look is in an hour"
    parts.stop.set()
    parts.hint.set()
    thread.join(10)
    assert not thread.is_alive() and parts.released
