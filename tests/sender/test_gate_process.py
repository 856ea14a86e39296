"""The gate's process: what a disk that fails does to it."""

from __future__ import annotations

import asyncio
import errno
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from services.sender.gate import __main__ as process
from services.sender.gate import checkpoint
from services.sender.gate.log_lines import Event

LINE = (
    "Nov 24 20:00:00 amber postfix/smtp[7]: 4jYvnw6n02z1l8rB: to=<a@alder.test>, relay=mx.alder.test[192.0.2.1]:25, "
    "delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 ok)\n"
)


class Release:
    """What the process drives: it only counts."""

    def __init__(self) -> None:
        self.steps, self.noted = 0, 0
        self.error: OSError | None = None
        self.deliverer = self

    def note(self, event: Event | None, *, known_place: bool) -> None:
        self.noted += 1

    async def step(self) -> bool:
        self.steps += 1
        if self.error:
            raise self.error
        return True


def test_a_full_disk_releases_and_books_nothing_and_does_not_end_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log, saved = tmp_path / "mail.log", tmp_path / "gate.json"
    log.write_text(LINE)
    monkeypatch.setattr(process, "MAIL_LOG", log)
    monkeypatch.setattr(process, "CHECKPOINT", saved)
    save = checkpoint.save

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def looks() -> None:
        gate, release = process.Gate(), Release()
        gate._sender = release  # type: ignore[assignment]
        monkeypatch.setattr(checkpoint, "save", full)
        for _ in range(2):
            assert await gate._look() is False
        assert (release.steps, saved.exists()) == (0, False), "what is not saved would be read and booked twice"
        monkeypatch.setattr(checkpoint, "save", save)
        log.write_text(LINE * 2)
        assert await gate._look() is True
        assert (release.steps, release.noted) == (1, 2)
        position = checkpoint.load(saved).position
        assert position is not None and position.offset == 2 * len(LINE)
        release.error = OSError(errno.ENOSPC, "No space left on device")
        assert await gate._look() is False

    asyncio.run(looks())
    assert capsys.readouterr().out.count("nothing is released: [Errno 28]") == 2


@pytest.mark.parametrize(
    ("looked", "answered", "healthy"),
    [(59, 500, True), (61, 500, False), (300, 5, True), (300, 61, False), (901, 5, False)],
    ids=["just looked", "stuck", "a slow store", "a store that is silent", "far too long"],
)
def test_a_store_that_needs_seconds_a_statement_does_not_make_the_gate_unhealthy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked: int, answered: int, healthy: bool
) -> None:
    monkeypatch.setattr(process, "CHECKPOINT", tmp_path / "gate.json")

    async def asked() -> bool:
        gate = process.Gate()
        now = time.monotonic()
        gate._looked = now - looked
        gate._sender = SimpleNamespace(ledger=SimpleNamespace(answered=now - answered))  # type: ignore[assignment]
        return gate._healthy()

    assert asyncio.run(asked()) is healthy
