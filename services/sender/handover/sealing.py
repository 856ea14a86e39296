"""One message as it goes to a sibling or onto a volume: the queue file byte for byte, its time, sealed by AES-256-GCM.

What is sealed is bound to the campaign, to the queue id and to what it is for: a sibling's greeting and the message's
number in that connection, or the volume. So what somebody has recorded is of no use in another connection.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.sender.postfix.render import MESSAGE_SIZE_LIMIT
from warmlane.store_access import HANDOVER_KEY_FILE

KEY_FILE = Path("/etc/warmlane/store") / HANDOVER_KEY_FILE
MAGIC = b"WLM1"
KEY_OCTETS, NONCE_OCTETS, TAG_OCTETS = 32, 12, 16
LARGEST_FILE = MESSAGE_SIZE_LIMIT + 1024 * 1024
"""Octets of a queue file: the largest message, and Postfix' records around its lines."""
MOST_ID_OCTETS = 64
LARGEST = LARGEST_FILE + 256
"""Octets of a sealed message."""
ON_VOLUME = b"volume"
_ID = re.compile(r"[0-9A-Za-z]+")
_TIME = struct.Struct("!q")


class Unsealable(Exception):
    """What was given is not a message that this campaign's key has sealed for this place."""


class KeyUnavailable(Exception):
    """The mounted key can't be read."""


@dataclass(frozen=True)
class Parcel:
    """A queue file away from its queue."""

    queue_id: str
    """The id that it had."""
    modified_ns: int
    """The file's time in ns since 1970 UTC, which tells how often it was tried and when (`gate/backoff.py`)."""
    content: bytes
    """The file."""

    @property
    def digest(self) -> bytes:
        """What tells a message from every other: its file holds its own arrival and the id under which it came."""
        return hashlib.sha256(self.content).digest()


def mounted_key(path: Path = KEY_FILE) -> bytes:
    """The campaign's key. Raises KeyUnavailable."""
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise KeyUnavailable(f"{path} can't be read: {error}; deploy environment and campaign again") from None
    if len(key) != KEY_OCTETS:
        raise KeyUnavailable(f"{path} holds {len(key)} octets, {KEY_OCTETS} are needed; deploy the environment again")
    return key


def seal(parcel: Parcel, key: bytes, campaign: str, place: bytes) -> tuple[bytes, bytes]:
    """A parcel for one place: two parts that belong together, so that no third copy of a large message is made.

    Raises ValueError when it is larger than any message can be.
    """
    name = parcel.queue_id.encode()
    if len(parcel.content) > LARGEST_FILE or not 0 < len(name) <= MOST_ID_OCTETS:
        raise ValueError(f"{parcel.queue_id[:80]} has {len(parcel.content)} octets, {LARGEST_FILE} are allowed")
    head = b"".join((MAGIC, bytes([len(name)]), name, _TIME.pack(parcel.modified_ns)))
    nonce = os.urandom(NONCE_OCTETS)
    return head + nonce, AESGCM(key).encrypt(nonce, parcel.content, _bound(campaign, head, place))


def unseal(sealed: bytes | bytearray, key: bytes, campaign: str, place: bytes) -> Parcel:
    """The parcel. Raises Unsealable."""
    view = memoryview(sealed)
    before = len(MAGIC) + 1
    if len(view) < before or view[: len(MAGIC)] != MAGIC:
        raise Unsealable("it is not a sealed message")
    if len(view) > LARGEST:
        raise Unsealable(f"it is larger than {LARGEST} octets")
    named = before + view[len(MAGIC)]
    timed = named + _TIME.size
    body = timed + NONCE_OCTETS
    if not before < named <= before + MOST_ID_OCTETS or len(view) < body + TAG_OCTETS:
        raise Unsealable("it ends too early")
    name = bytes(view[before:named]).decode("ascii", "replace")
    if not _ID.fullmatch(name):
        raise Unsealable("its queue id is none of Postfix'")
    try:
        content = AESGCM(key).decrypt(view[timed:body], view[body:], _bound(campaign, bytes(view[:timed]), place))
    except InvalidTag:
        raise Unsealable("this campaign's key has not sealed it for here") from None
    return Parcel(name, _TIME.unpack_from(view, named)[0], content)


def _bound(campaign: str, head: bytes, place: bytes) -> bytes:
    parts = (b"warmlane handover", campaign.encode(), head, place)
    return b"".join(struct.pack("!I", len(part)) + part for part in parts)
