"""Return tokens: what a bounce or a complaint is known by.

A token is an id of 14 random octets and the first 16 octets of its HMAC-SHA-256, in base32 without padding: 48
lower-case characters. What the id stands for (campaign, lane, provider, sending day, recipient's hash) lies in the
store alone, so a token tells a stranger nothing. `docs/decisions/0006-return-tokens.md` has the reasons and the sizes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

ID_LENGTH = 14
"""Octets of an id: among 10 billion tokens two are the same with a probability of 1e-14."""
MAC_LENGTH = 16
"""Octets of the authentication code that are kept: half of SHA-256's output, the least that RFC 2104, 5, allows."""
TEXT_LENGTH = (ID_LENGTH + MAC_LENGTH) * 8 // 5
"""Characters of a token: 30 octets are 48 base32 characters exactly, so a token has one spelling beside its case."""
KEY_LENGTH = 32
"""Octets of a key (RFC 2104, 3)."""
DAYS_OF_LIFE = 35
"""Days after the sending day for which a token is known: 30 after a campaign's end, and the five that mail is tried."""
HEADER = "Warmlane-Return-Token"
"""Header field that carries the token: some complaints (Microsoft's) keep the header and not the return path."""

_PURPOSE = b"warmlane return token 1\0"
_TEXT = re.compile(rf"[a-z2-7]{{{TEXT_LENGTH}}}")


class Side(StrEnum):
    """What an address is for, by what its local part begins with."""

    BOUNCE = "b"
    FEEDBACK = "f"


class ForgedToken(ValueError):
    """A token that none of the keys made."""


@dataclass(frozen=True)
class TokenKeys:
    """The key that signs, and during a rotation the one before it, which is still accepted. Raises ValueError."""

    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, key in (("current", self.current), ("previous", self.previous)):
            if key is not None and len(key) < KEY_LENGTH:
                raise ValueError(f"the {name} return token key has {len(key)} octets: at least {KEY_LENGTH} are needed")


def parse_keys(text: str) -> TokenKeys:
    """The keys in a mounted file: a JSON list of one or two hexadecimal texts, the signing one first.

    Raises ValueError; its text never holds a key.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the return token keys are not JSON") from None
    if not isinstance(rows, list) or not 1 <= len(rows) <= 2 or not all(isinstance(row, str) for row in rows):
        raise ValueError("the return token keys: expected a list of one or two texts, the signing key first")
    try:
        return TokenKeys(*(bytes.fromhex(row) for row in rows))
    except ValueError as error:
        if "octets" in str(error):
            raise
        raise ValueError("the return token keys: one is not hexadecimal") from None


def new(keys: TokenKeys, random: Callable[[int], bytes]) -> tuple[bytes, str]:
    """A new id and its token; `random` gives that many unguessable octets (`secrets.token_bytes`)."""
    id_ = random(ID_LENGTH)
    return id_, signed(keys, id_)


def signed(keys: TokenKeys, id_: bytes) -> str:
    """The token of an id, 48 characters. Raises ValueError for an id of another length."""
    if len(id_) != ID_LENGTH:
        raise ValueError(f"a return token's id has {ID_LENGTH} octets, not {len(id_)}")
    return base64.b32encode(id_ + _mac(keys.current, id_)).decode().lower()


def verified(keys: TokenKeys, text: str) -> bytes:
    """The id in a token, whatever its case. Raises ForgedToken."""
    lower = text.lower()
    if not _TEXT.fullmatch(lower):
        raise ForgedToken(f"a return token has {TEXT_LENGTH} characters of a-z and 2-7")
    octets = base64.b32decode(lower.upper())
    id_, mac = octets[:ID_LENGTH], octets[ID_LENGTH:]
    accepted = [key for key in (keys.current, keys.previous) if key is not None]
    # Both are always compared, so that the time does not tell which key a token is of.
    if not any([hmac.compare_digest(mac, _mac(key, id_)) for key in accepted]):
        raise ForgedToken("none of the keys made this return token")
    return id_


def local_part(side: Side, token: str) -> str:
    """The local part that carries a token: `b+TOKEN`, 50 characters of the 64 that RFC 5321, 4.5.3.1.1, allows."""
    return f"{side.value}+{token}"


def split(local: str) -> tuple[Side, str] | None:
    """Side and token text of a local part; None for one that is no return address. The token is not verified."""
    side, plus, text = local.partition("+")
    lower = side.lower()
    if not plus or lower not in {each.value for each in Side}:
        return None
    return Side(lower), text


def _mac(key: bytes, id_: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + id_, hashlib.sha256).digest()[:MAC_LENGTH]
