"""Who must not be mailed, asked by keyed hash; the list itself is the store's."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from warmlane.recipients.hashing import KeyedHash


class Kind(StrEnum):
    """Why a recipient is suppressed."""

    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"
    HARD_BOUNCE = "hard_bounce"
    MANUAL = "manual"


NEVER_EXPIRES = frozenset({Kind.COMPLAINT, Kind.UNSUBSCRIBE})


class SuppressionUnavailable(Exception):
    """The list can't be asked now; the recipient is deferred, never let through."""


class Suppressions(Protocol):
    """A suppression list."""

    async def holds(self, hashes: Sequence[KeyedHash]) -> bool:
        """Whether the recipient is suppressed under any of its hashes. Raises SuppressionUnavailable."""
