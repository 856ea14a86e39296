"""A process that is killed between two of its steps on disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

CALLS = ("open", "fchmod", "utime", "fsync", "rename", "replace", "unlink")
"""What changes a disk; before each of them a kill may come."""
STEPS = range(12)


class Killed(BaseException):
    """The kill; nothing that a dead process would still have done may catch it."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[Callable[[], bool]]:
    """The process dies before its call of this number, and every later one fails, too; gives whether it has died."""
    made = [0]

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            if made[0] >= step:
                made[0] += 1
                raise Killed
            made[0] += 1
            return real(*arguments, **named)

        return call

    with monkeypatch.context() as patched:
        for name in CALLS:
            patched.setattr(os, name, counted(getattr(os, name)))
        yield lambda: made[0] > step
