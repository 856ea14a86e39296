"""The lab's reflector: outside, beside the receivers, with a key of this lab's own."""

from __future__ import annotations

import base64
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from lab import settings
from lab.node.pki import write_private
from lab.node.processes import Service
from lab.receivers.services import listening

NAME = "reflector"
_KEY = settings.STATE / "reflector.pem"


def prepare() -> None:
    """Makes the key, if this lab has none, and writes its public half where the programs read it."""
    if not _KEY.exists():
        made = Ed25519PrivateKey.generate()
        write_private(_KEY, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    key = load_pem_private_key(_KEY.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    settings.REFLECTOR_FILE.parent.mkdir(parents=True, exist_ok=True)
    settings.REFLECTOR_FILE.write_text(base64.b64encode(key.public_key().public_bytes_raw()).decode() + "\n")


def service() -> Service:
    return Service(
        name=NAME,
        namespace=settings.OUTSIDE_NETNS,
        command=[sys.executable, "-m", "services.reflector", str(_KEY), str(settings.OUTSIDE_REFLECTOR)],
        ready=lambda: listening(str(settings.OUTSIDE_REFLECTOR), 25),
    )
