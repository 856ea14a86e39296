"""One-click unsubscribe (RFC 8058): the token in a message's address, and its keys.

A token is version, key id, campaign and the recipient's keyed hash, and the first 16 octets of the HMAC-SHA-256 over
them, in URL-safe base64 without padding. So whoever answers a token needs neither the recipient's address nor the key
that hashed it. One id names both keys: the one that hashed the recipient and the one that signed the token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from warmlane import names
from warmlane.recipients.hashing import KEY_ID, SECRET_LENGTH, KeyedHash

VERSION = 1
DIGEST_LENGTH, MAC_LENGTH = 32, 16
"""Octets of a recipient's hash, and of the authentication code: half of SHA-256's output, the least that RFC 2104, 5,
allows."""
LONGEST = 160
"""Characters of the longest token: 1 + 1 + 32 + 1 + 24 + 32 + 16 octets are 143 characters of base64; a bound."""
PATH = "/u/"
"""What stands before the token in the URL's path."""

_PURPOSE = b"warmlane unsubscribe token\0"
_CAMPAIGN = re.compile(names.ID_PATTERN)
_TEXT = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}")


class Scope(StrEnum):
    """Who may not mail a recipient any more."""

    ORGANISATION = "organisation"
    CAMPAIGN = "campaign"


class TokenRefused(ValueError):
    """A token that is malformed, altered, or of a key that nobody has any more. It never says which."""


@dataclass(frozen=True)
class TokenKey:
    """The key by which one campaign's tokens are signed; `id` is that of the key that hashes recipients.

    Raises ValueError for an id or a secret that can't be used.
    """

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not KEY_ID.fullmatch(self.id):
            raise ValueError(f"key id {self.id!r} is not allowed: up to 32 lower-case letters, digits and hyphens")
        if len(self.secret) < SECRET_LENGTH:
            raise ValueError(f"unsubscribe key {self.id}: at least {SECRET_LENGTH} octets are needed")


@dataclass(frozen=True)
class Request:
    """What a token asks for: that the campaign, or all of its organisation, mails the recipient no more."""

    campaign: str
    hash: KeyedHash


def campaign_key(root: str, campaign: str) -> str:
    """The key of one campaign's tokens by the root key of its id, both 64 hex digits.

    A campaign's pods have their own key only, so that none makes tokens of another; whoever answers has the root, also
    for a campaign that has ended.
    """
    return hmac.new(bytes.fromhex(root), f"campaign {campaign}".encode(), hashlib.sha256).hexdigest()


def token(key: TokenKey, request: Request) -> str:
    """The token of a request. Raises ValueError for a hash that was made under another key id."""
    if request.hash.key_id != key.id:
        raise ValueError(f"the recipient is hashed under key {request.hash.key_id}, and the token is of key {key.id}")
    key_id, campaign = key.id.encode(), request.campaign.encode()
    head = bytes([VERSION, len(key_id)]) + key_id + bytes([len(campaign)]) + campaign
    body = head + bytes.fromhex(request.hash.digest)
    return base64.urlsafe_b64encode(body + _mac(key.secret, body)).decode().rstrip("=")


def read(roots: Mapping[str, str], text: str) -> Request:
    """What a token asks for; `roots` are the root keys by their ids. Raises TokenRefused, whatever the text is."""
    if not _TEXT.fullmatch(text):
        raise TokenRefused
    try:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise TokenRefused from None
    body, mac = octets[:-MAC_LENGTH], octets[-MAC_LENGTH:]
    # Two spellings of the same octets are two tokens, of which one was never sent.
    if base64.urlsafe_b64encode(octets).decode().rstrip("=") != text or body[:1] != bytes([VERSION]):
        raise TokenRefused
    key_id, rest = _piece(body[1:])
    campaign, digest = _piece(rest)
    root = roots.get(key_id)
    if root is None or len(digest) != DIGEST_LENGTH or not _is_id(campaign):
        raise TokenRefused
    if not hmac.compare_digest(mac, _mac(bytes.fromhex(campaign_key(root, campaign)), body)):
        raise TokenRefused
    return Request(campaign, KeyedHash(key_id, digest.hex()))


def url(base: str, text: str) -> str:
    """The address of a token."""
    return base + PATH + text


def parse_roots(text: str) -> dict[str, str]:
    """The root keys in a mounted file: a JSON list of one or two objects with `id` and `key` (64 hex digits).

    Raises ValueError; its text never holds a key.
    """
    rows = _rows(text)
    if not isinstance(rows, list) or not 1 <= len(rows) <= 2:
        raise ValueError("the unsubscribe keys: expected a list of one or two objects")
    found = [_key(row) for row in rows]
    return {key.id: key.secret.hex() for key in found}


def parse_key(text: str) -> TokenKey:
    """A campaign's key in a mounted file: a JSON object with `id` and `key`. Raises ValueError, likewise."""
    return _key(_rows(text))


def _rows(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the unsubscribe keys are not JSON") from None


def _key(row: object) -> TokenKey:
    if not isinstance(row, dict) or not all(isinstance(row.get(name), str) for name in ("id", "key")):
        raise ValueError("the unsubscribe keys: expected the texts `id` and `key`")
    try:
        secret = bytes.fromhex(row["key"])
    except ValueError:
        raise ValueError("the unsubscribe keys: `key` is not hexadecimal") from None
    return TokenKey(row["id"], secret)


def _piece(octets: bytes) -> tuple[str, bytes]:
    """A text after its length, and what follows it."""
    length = octets[0] if octets else 0
    if not 0 < length < len(octets):
        raise TokenRefused
    try:
        return octets[1 : 1 + length].decode("ascii"), octets[1 + length :]
    except UnicodeDecodeError:
        raise TokenRefused from None


def _is_id(campaign: str) -> bool:
    return bool(_CAMPAIGN.fullmatch(campaign)) and len(campaign) <= names.ID_LENGTH


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, _PURPOSE + body, hashlib.sha256).digest()[:MAC_LENGTH]
