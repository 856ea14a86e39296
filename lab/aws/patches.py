"""Replacing a class' attribute for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def patched(owner: type, name: str, value: Any) -> Iterator[None]:
    """`owner.name` is `value` inside the block, and afterwards what it was, be it inherited or missing."""
    own = vars(owner).get(name)
    had = name in vars(owner)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if had:
            setattr(owner, name, own)
        else:
            delattr(owner, name)
