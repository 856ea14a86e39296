"""The identity that the pod was deployed with: the lane's address and the reflector, from the mounted document."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.sender.gate.identity import Finding, Identity, Lane, Names, State, look, reflected
from services.sender.settings import IDENTITY_FILE
from warmlane.reflection import public_key

PORT = 25
"""The only port by which a sender reaches the outside."""


class IdentityError(Exception):
    """identity.json is missing or does not say as whom the sender must be seen."""


@dataclass(frozen=True)
class Expected:
    """As whom the sender must be seen, and by whom."""

    address: IPv4Address
    reflector: IPv4Address
    key: Ed25519PublicKey


def expected(text: str) -> Expected:
    """The document that `components.sender` makes. Raises IdentityError."""
    try:
        document = json.loads(text)
        reflector = document["reflector"]
        return Expected(
            IPv4Address(document["address"]), IPv4Address(reflector["address"]), public_key(reflector["public_key"])
        )
    except (ValueError, TypeError, KeyError) as error:
        raise IdentityError(f"identity.json can't be used ({error!r}): deploy the campaign again") from None


class LaneIdentity:
    """The replica's identity against the mounted document, which may change while the gate runs."""

    def __init__(self, hostname: str, names: Names, file: Path = IDENTITY_FILE) -> None:
        self._hostname, self._names, self._file = hostname, names, file
        self._text = ""
        self._identity = Identity(self._look)

    def follow(self) -> Coroutine[Any, Any, None]:
        """Looks until it is cancelled."""
        return self._identity.follow()

    def compare(self) -> None:
        """Drops the proof when the mounted document is another one."""
        if self._read() != self._text:
            self._identity.changed()

    def state(self) -> State:
        """What holds now."""
        return self._identity.state()

    def unproven(self) -> str:
        """Why nothing may leave; empty while the identity is proven."""
        if self.state() is State.PROVEN:
            return ""
        return self._identity.finding.why or "the last proof is too old"

    async def _look(self) -> Finding:
        self._text = self._read()
        try:
            seen = expected(self._text)
        except IdentityError as error:
            return Finding(State.UNKNOWN, str(error))

        def reflect() -> Awaitable[IPv4Address]:
            return reflected(str(seen.reflector), PORT, seen.key)

        return await look(Lane(seen.address, self._hostname), reflect, self._names)

    def _read(self) -> str:
        try:
            return self._file.read_text()
        except (OSError, UnicodeDecodeError):
            return ""
