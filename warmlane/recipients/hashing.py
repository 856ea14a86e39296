"""Keyed hashes of canonical addresses: what is stored instead of the address."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from warmlane.recipients.address import Recipient

SECRET_LENGTH = 32
"""Octets a secret has at least: the output length of SHA-256 (RFC 2104 3)."""
KEY_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class KeyedHash(NamedTuple):
    """HMAC-SHA-256 of a canonical address (64 hex digits) and the id of the key that made it."""

    key_id: str
    digest: str


@dataclass(frozen=True)
class HashKey:
    """A key by its id. Raises ValueError for an id or a secret that can't be used."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not KEY_ID.fullmatch(self.id):
            raise ValueError(
                f"key id {self.id!r} is not allowed: up to 32 lower-case letters, digits and hyphens,"
                " beginning with a letter or digit"
            )
        if len(self.secret) < SECRET_LENGTH:
            raise ValueError(
                f"the secret of key {self.id} has {len(self.secret)} octets: at least {SECRET_LENGTH} are needed"
            )

    def hashed(self, recipient: Recipient) -> KeyedHash:
        """The recipient's hash under this key."""
        return KeyedHash(self.id, hmac.new(self.secret, recipient.canonical.encode(), hashlib.sha256).hexdigest())


@dataclass(frozen=True)
class KeyRing:
    """The key that writes, and during a rotation the one before it, which is still read.

    Raises ValueError when both have one id.
    """

    current: HashKey
    previous: HashKey | None = None

    def __post_init__(self) -> None:
        if self.previous and self.previous.id == self.current.id:
            raise ValueError(f"both keys have the id {self.current.id}: the new key needs an id of its own")

    def written(self, recipient: Recipient) -> KeyedHash:
        """The hash under which something new is stored."""
        return self.current.hashed(recipient)

    def readable(self, recipient: Recipient) -> tuple[KeyedHash, ...]:
        """Every hash under which something may be stored, the current key's first."""
        keys = (self.current, self.previous) if self.previous else (self.current,)
        return tuple(key.hashed(recipient) for key in keys)
