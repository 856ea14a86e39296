"""Choices that leave nothing out: each one's options are dealt like cards, and all come before any comes again."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Option = TypeVar("Option")


class Decks:
    """Deals options by the choice's name; the same seed deals the same."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self._left: dict[str, list[int]] = {}

    def deal(self, choice: str, options: Sequence[Option]) -> Option:
        """The next option of a choice. `options` are the same ones, in the same order, each time."""
        left = self._left.setdefault(choice, [])
        if not left:
            left.extend(self.rng.sample(range(len(options)), len(options)))
        return options[left.pop()]

    def often(self, choice: str, times: int, of: int) -> bool:
        """True for so many of as many calls, in some order."""
        return self.deal(choice, [True] * times + [False] * (of - times))
