"""When the gate's process hands its queue over: once Postfix has ended, and not when it alone is told to stop."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest

from services.sender.gate import __main__ as process
from services.sender.handover.service import keeps_queue
from warmlane.campaign import Spool


class Told:
    """What the process drives: it only tells in which order."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.deliverer = self.handover = self

    def drain(self) -> None:
        self.calls.append("drain")

    async def stop_taking(self) -> None:
        self.calls.append("stop taking")

    async def step(self) -> bool:
        return False

    async def stop(self) -> None:
        self.calls.append("stop")


@pytest.mark.parametrize("runs", [False, True], ids=["Postfix has ended", "Postfix runs"])
def test_the_queue_is_given_away_only_when_postfix_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: bool
) -> None:
    (tmp_path / "public").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(process, "SPOOL", Path())
    monkeypatch.setattr(process, "MAIL_LOG", tmp_path / "mail.log")
    monkeypatch.setattr(process, "CHECKPOINT", tmp_path / "gate.json")
    monkeypatch.setattr(process, "POSTFIX_ENDS_WITHIN", 2.0)

    async def told() -> tuple[bool, list[str]]:
        gate, sender = process.Gate(), Told()
        gate._sender = sender  # type: ignore[assignment]
        gate._told = time.monotonic()
        return await gate._drained(sender), sender.calls  # type: ignore[arg-type]

    with socket.socket(socket.AF_UNIX) as queue_manager:
        if runs:
            queue_manager.bind("public/qmgr")
            queue_manager.listen(100)
        assert asyncio.run(told()) == (not runs, ["drain", "stop taking", "stop"])


@pytest.mark.parametrize(
    ("kind", "pod", "keeps"),
    [
        (Spool.HANDOVER, "email-sender-campaign-x-7d9f8-2", False),
        (Spool.PERSISTENT, "email-sender-campaign-x-0", True),
        (Spool.PERSISTENT, "email-sender-campaign-x-1", False),
        (Spool.PERSISTENT, "email-sender-campaign-x-12", False),
    ],
)
def test_only_a_first_pod_with_a_volume_keeps_its_queue(kind: Spool, pod: str, keeps: bool) -> None:
    assert keeps_queue(kind, pod) is keeps
