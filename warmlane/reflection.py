"""What a sender asks the environment's reflector, and how it knows that the answer is the reflector's.

The reflector stands outside and tells from which address a connection came. It signs that address with the sender's
nonce, so nobody on the way can answer in its place or replay an older answer. Question and answer are one line each:

    REFLECT <nonce, 32 hex digits>
    <source IPv4 address> <Ed25519 signature (RFC 8032), base64>
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from ipaddress import IPv4Address

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LONGEST_LINE = 256
"""Octets of a question or an answer, its end included."""

_PURPOSE = b"warmlane-reflection-1"
_QUESTION = re.compile(rb"^REFLECT ([0-9a-f]{32})\r?\n$")


class ReflectionError(Exception):
    """A question that is none, or an answer that proves nothing."""


def nonce() -> str:
    """A new nonce: 128 random bits, in hex digits."""
    return secrets.token_hex(16)


def question(once: str) -> bytes:
    """The line that a sender sends."""
    return f"REFLECT {once}\r\n".encode()


def asked(line: bytes) -> str:
    """The nonce of a question. Raises ReflectionError."""
    matched = _QUESTION.match(line)
    if not matched:
        raise ReflectionError("expected `REFLECT` and a nonce of 32 hex digits")
    return matched[1].decode()


def answer(key: Ed25519PrivateKey, once: str, source: IPv4Address) -> bytes:
    """The reflector's line to a question that came from `source`."""
    return f"{source} {base64.b64encode(key.sign(_signed(once, source))).decode()}\r\n".encode()


def proven_source(key: Ed25519PublicKey, once: str, line: bytes) -> IPv4Address:
    """The address in an answer that is signed for this nonce. Raises ReflectionError."""
    try:
        address, signature = line.decode("ascii").split()
        source = IPv4Address(address)
        key.verify(base64.b64decode(signature, validate=True), _signed(once, source))
    except (ValueError, binascii.Error) as error:
        raise ReflectionError(f"the answer is no address with a signature: {error}") from None
    except InvalidSignature:
        raise ReflectionError("the answer is not signed by the reflector's key for this nonce") from None
    return source


def public_key(text: str) -> Ed25519PublicKey:
    """A public key from its 32 octets in base64. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def _signed(once: str, source: IPv4Address) -> bytes:
    return b"\n".join((_PURPOSE, once.encode(), source.packed))
